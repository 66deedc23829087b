//! Core errors as JavaScript errors; the façade reads the code from the front of the message.

use napi::{Error, Status};

/// A JavaScript error with the message `HOMEOSTAT_CODE: text`.
pub fn to_js(error: homeostat_core::error::Error) -> Error {
    Error::new(Status::GenericFailure, error.to_string())
}
