//! What `cli --json` tells beside the lines of the server, as objects.

use serde::Serialize;

/// Something that `cli` itself has to tell, with the names that scripts rely on.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Own<'a> {
    /// A file of the user is in the room.
    Uploaded { file: &'a str },
    /// A file of the room is here.
    Fetched { file: &'a str },
    /// A text of an errand is in the room.
    Said { text: &'a str },
    /// Something that the user should know.
    Told { text: &'a str },
    /// What the user wants cannot be done.
    Refused { text: &'a str },
    /// The connection broke, and it is not known whether this was heard.
    Doubtful { text: &'a str },
    /// There is no connection.
    Lost { text: &'a str },
    /// It is there again.
    Back,
}
