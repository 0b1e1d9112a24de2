//! How long a client waits, and how far it keeps what it sends apart.

use core::time::Duration;

/// How long texts wait for the answer to the knock.
///
/// Most of the earth is within 300 ms there and back; a Snug farther away is
/// taken for classic until its answer comes, which costs the first texts their
/// newlines (they are joined).
pub const ANSWER_PATIENCE: Duration = Duration::from_millis(300);

/// How long an upload waits for the answer to the knock.
///
/// More than a text does, since an upload that began classically towards a
/// Snug that is on the line wire already would end as text in the room.
pub const UPLOAD_PATIENCE: Duration = Duration::from_secs(2);

/// How far a text keeps from the one before it towards a classic server.
///
/// Such a server takes what it reads at once for one message. It is as long as
/// Snug itself waits for the rest of something classic.
pub const TEXT_GAP: Duration = Duration::from_millis(60);

/// How far the header of an upload keeps from its neighbours towards a classic
/// server, and the body from what follows it.
///
/// A classic server dies of a header that shares a read with the file's first
/// bytes, and when its machine is busy it reads late.
pub const UPLOAD_GAP: Duration = Duration::from_millis(500);

/// How long a character (or the answer to the knock) that the link cut in two
/// waits for its other half.
pub const CUT_PATIENCE: Duration = Duration::from_millis(60);
