//! The machine that this build has: wgpu's, or, where checks of the workspace leave that out, none.

#[cfg(feature = "device")]
pub use gpu::{Machine, adapters, opener};
#[cfg(not(feature = "device"))]
pub use none::{Machine, adapters, opener};

use homeostat_core::error::Error;
use std::sync::{Arc, Mutex};

/// What is known of the device that was opened last, or why there is none.
#[derive(Clone, Default)]
pub struct Known {
    /// The adapter as JSON; empty without one.
    pub adapter: String,
    /// Why there is none.
    pub trouble: Option<Error>,
}

/// Where an opener leaves what it finds.
pub type Told = Arc<Mutex<Known>>;

#[cfg(feature = "device")]
mod gpu {
    use super::{Known, Told};
    use crate::driver::Inside;
    use homeostat_core::json::Writer;
    use homeostat_forge::device::{self, Adapter, GpuMachine, Options};
    use homeostat_forge::host::Opener;
    use std::sync::Arc;

    pub type Machine = GpuMachine;

    fn write(w: &mut Writer, adapter: &Adapter) {
        w.object(|w| {
            w.key("name").str(&adapter.name);
            w.key("backend").str(&adapter.backend);
            w.key("driver").str(&adapter.driver);
            w.key("vendor").uint(u64::from(adapter.ids.0));
            w.key("device").uint(u64::from(adapter.ids.1));
            w.key("software").bool(adapter.software);
        });
    }

    pub fn adapters() -> String {
        let _inside = Inside::enter();
        let mut json = String::new();
        Writer::new(&mut json).array(|w| device::adapters().iter().for_each(|a| write(w, a)));
        json
    }

    pub fn opener(adapter: Option<String>, told: Told) -> Option<Opener<Machine>> {
        let options = Options { adapter, matrices: false };
        Some(Arc::new(move || {
            // It lives on this thread, and ends with it.
            Inside::stay();
            let opened = GpuMachine::open(&options);
            let mut known = told.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match opened {
                Ok((mut machine, what)) => {
                    let mut json = String::new();
                    write(&mut Writer::new(&mut json), machine.gpu().adapter());
                    *known = Known { adapter: json, trouble: None };
                    Ok((machine, what))
                }
                Err(error) => {
                    *known = Known { adapter: String::new(), trouble: Some(error.clone()) };
                    Err(error)
                }
            }
        }))
    }
}

#[cfg(not(feature = "device"))]
mod none {
    use super::Told;
    use homeostat_core::error::{Code, Error, Result};
    use homeostat_forge::host::{self, Opener, Operand};
    use homeostat_forge::ir::Data;
    use homeostat_forge::measure::Timing;
    use homeostat_forge::plan::Plan;
    use homeostat_forge::registry::ProgramId;
    use homeostat_forge::wgsl::Kernel;

    /// There is none.
    pub enum Machine {}

    impl host::Machine for Machine {
        fn compile(&mut self, _: ProgramId, _: &Plan, _: &[(u32, Kernel)]) -> Result<()> {
            match *self {}
        }

        fn execute(&mut self, _: ProgramId, _: &[Data], _: bool) -> Result<Vec<Data>> {
            match *self {}
        }

        fn time(&mut self, _: ProgramId, _: u32, _: u32) -> Result<Timing> {
            match *self {}
        }

        fn release(&mut self, _: ProgramId) {
            match *self {}
        }

        fn upload(&mut self, _: u64, _: &Data) -> Result<()> {
            match *self {}
        }

        fn download(&mut self, _: u64) -> Result<Data> {
            match *self {}
        }

        fn forget(&mut self, _: u64) {
            match *self {}
        }

        fn chain(&mut self, _: ProgramId, _: &[Operand], _: &[Option<u64>]) -> Result<Vec<Option<Data>>> {
            match *self {}
        }
    }

    pub fn adapters() -> String {
        String::from("[]")
    }

    pub fn opener(_: Option<String>, told: Told) -> Option<Opener<Machine>> {
        let mut known = told.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.trouble = Some(Error::new(Code::NoAdapter, "this build has no devices"));
        None
    }
}
