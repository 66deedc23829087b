use super::Study;

impl Study {
    /// The trial that is best, if any is complete and feasible.
    pub fn best(&self) -> Option<u32> {
        self.best
    }
}
