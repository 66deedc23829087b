//! Leaves everything as it was configured.

use crate::Setting;
use crate::auditor::Update;
use crate::contender::{Contender, Setup, Window};

pub struct Fixed {
    setting: Setting,
}

impl Fixed {
    pub fn new(setup: &Setup<'_>) -> Self {
        Self { setting: setup.case.plant.initial() }
    }
}

impl Contender for Fixed {
    fn step(&mut self, _window: &Window, _applied: &mut Vec<Update>) {}

    fn live(&self) -> Setting {
        self.setting
    }
}
