//! Files in parts: put, gone on with, fetched, stopped, listed.

use sha2::{Digest as _, Sha256};
use snug_core::wire::digest::Digest;

use super::{Person, Place, assert_holds, join_lines, join_narrow, noise};

/// Bytes of a part: a block of the smallest room.
const PART: usize = 512;
/// Bytes of the largest block: what breaks off within one is not kept.
const BLOCK: usize = 4096;

pub(crate) fn files_go_both_ways_in_parts_with_chat_in_between<P: Place>() {
    let place = P::start();
    let (mut ada, mut bob) = (join_lines(&place), join_lines(&place));
    let sizes = [0, 1, 511, 512, 513, 4096, 40_961];
    let files = sizes.map(|size| (format!("{size} bytes.bin"), noise(size, size as u32)));
    for (name, bytes) in &files {
        assert_eq!(puts(&mut ada, name, bytes, ""), Ok(0), "{name}");
        for (number, part) in bytes.chunks(8 * PART).enumerate() {
            ada.sends(format!("part {number} comes\n"));
            bob.hears(&format!("] part {number} comes\n"));
            send_part(&mut ada, part);
        }
        ada.hears("> Your file has been uploaded");
        bob.hears(" has uploaded a file\n");
        let offset = bytes.len() / 3;
        assert!(fetches(&mut bob, name, 0) == *bytes, "{name}");
        assert!(fetches(&mut bob, name, offset) == bytes[offset..], "{name} from {offset} on");
    }
    assert_eq!(puts(&mut ada, "../up", b"x", "").map_err(drop), Err(()));
    assert!(refused_fetch(&mut bob, "none").starts_with("! #get: there is no such file"));
    assert!(refused_fetch(&mut bob, "1 bytes.bin' '2").starts_with("! "));

    bob.sends("#files\n");
    let listed = bob.hears(&format!("> {} files\n", files.len()));
    for (name, bytes) in &files {
        assert!(listed.contains(&format!("#stored '{name}' {} ", bytes.len())), "{listed}");
    }
    let expected: Vec<_> = files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    assert_holds(&place.end(), &expected);
}

pub(crate) fn an_upload_that_broke_off_goes_on<P: Place>() {
    let place = P::start();
    let mut stays = join_lines(&place);
    let file = noise(60_000, 5);
    let mut sent = 0;
    for share in 1..4 {
        let mut goes = join_lines(&place);
        let kept = puts(&mut goes, "long.bin", &file, "").unwrap();
        assert!(kept <= sent && sent < kept + BLOCK, "{kept} of {sent} bytes are kept");
        let end = share * 15_000;
        send_parts(&mut goes, &file[kept..end]);
        // All that was sent before has come.
        goes.sends("see you\n");
        stays.hears("] see you\n");
        // While it is sent nobody else can send it.
        let refused = puts(&mut stays, "long.bin", &file, "").unwrap_err();
        assert!(refused.starts_with("! #put: somebody sends the same file"), "{refused}");
        goes.resets();
        stays.hears(" left (1 user online)\n");
        sent = end;
    }
    // What is kept goes by its digest: another file has another beginning.
    assert!(stores(&mut stays, "other.bin", &noise(60_000, 6), ""));
    let kept = puts(&mut stays, "renamed.bin", &file, "").unwrap();
    assert!(kept > 0);
    send_parts(&mut stays, &file[kept..]);
    stays.hears("> Your file has been uploaded (60000 bytes)\n");
    assert_holds(&place.end(), &[("other.bin", &noise(60_000, 6)), ("renamed.bin", &file)]);
}

pub(crate) fn what_stands_is_replaced_only_on_demand<P: Place>() {
    let place = P::start();
    let mut ada = join_lines(&place);
    let (old, new) = (noise(3_000, 1), noise(2_000, 2));
    assert!(stores(&mut ada, "file", &old, ""));
    let refused = puts(&mut ada, "file", &new, "").unwrap_err();
    assert!(refused.starts_with("! #put: a file of that name stands already"), "{refused}");
    assert!(fetches(&mut ada, "file", 0) == old);

    // Other bytes than were promised are worth nothing.
    assert_eq!(puts(&mut ada, "file", &new, " replace"), Ok(0));
    send_parts(&mut ada, &noise(2_000, 3));
    ada.hears("! #put: the bytes do not have that SHA256");
    assert!(fetches(&mut ada, "file", 0) == old);

    assert!(stores(&mut ada, "file", &new, " replace"));
    assert!(fetches(&mut ada, "file", 0) == new);
    assert_holds(&place.end(), &[("file", &new)]);
}

pub(crate) fn a_reader_gets_the_version_that_it_began_with<P: Place>() {
    let place = P::start();
    let (mut slow, mut writer) = (join_narrow(&place), join_lines(&place));
    let (old, new) = (noise(P::LARGE, 1), noise(40_000, 2));
    assert!(writer.uploads("file", &old));
    slow.hears(" has uploaded a file\n");
    slow.sends("#get 'file'\n");
    slow.hears(&format!("#file 'file' {}\n", P::LARGE));
    assert!(stores(&mut writer, "file", &new, " replace"));
    assert!(fetches(&mut writer, "file", 0) == new);
    assert!(writer.uploads("file", b"newest"));
    let (bytes, sum) = receive_parts(&mut slow);
    assert!(bytes == old && sum == digest(&old).to_string());
    assert!(fetches(&mut slow, "file", 0) == b"newest");
    assert_holds(&place.end(), &[("file", b"newest")]);
}

pub(crate) fn transfers_end_when_they_are_stopped<P: Place>() {
    let place = P::start();
    let (mut ada, mut bob) = (join_lines(&place), join_narrow(&place));
    ada.sends("#stop\n");
    ada.hears("! no transfer of yours is under way");
    let file = noise(30_000, 7);
    assert_eq!(puts(&mut ada, "file", &file, ""), Ok(0));
    send_parts(&mut ada, &file[..20 * PART]);
    ada.sends("#stop\nstopped\n");
    ada.hears("> Your transfer has been stopped\n");
    bob.hears("] stopped\n");
    assert!(refused_fetch(&mut bob, "file").starts_with("! #get: there is no such file"));
    let kept = puts(&mut ada, "file", &file, "").unwrap();
    assert!(kept > 0);
    send_parts(&mut ada, &file[kept..]);
    ada.hears("> Your file has been uploaded (30000 bytes)\n");

    let large = noise(P::LARGE, 8);
    assert!(ada.uploads("large", &large));
    bob.sends("#get large\n");
    bob.hears("#part ");
    bob.sends("#stop\n");
    bob.hears("> Your transfer has been stopped\n");
    assert!(fetches(&mut bob, "file", 0) == file);
    assert_holds(&place.end(), &[("file", &file), ("large", &large)]);
}

/// Begins to put a file; from where to send, or what it is told instead.
pub(crate) fn puts(
    person: &mut Person,
    name: &str,
    file: &[u8],
    more: &str,
) -> Result<usize, String> {
    let digest = digest(file);
    person.sends(format!("#put '{name}' {} {digest}{more}\n", file.len()));
    loop {
        let line = person.hears("\n");
        if line.starts_with('!') {
            return Err(line);
        }
        if let Some(offset) = line.strip_prefix(&format!("#have '{name}' ")) {
            return Ok(offset.trim_end().parse().unwrap());
        }
    }
}

fn send_part(person: &mut Person, part: &[u8]) {
    person.sends(format!("#part {}\n", part.len()));
    person.sends(part);
}

pub(crate) fn send_parts(person: &mut Person, bytes: &[u8]) {
    bytes.chunks(PART).for_each(|part| send_part(person, part));
}

/// Puts a file from its beginning on; whether it stands then.
pub(crate) fn stores(person: &mut Person, name: &str, file: &[u8], more: &str) -> bool {
    assert_eq!(puts(person, name, file, more), Ok(0));
    send_parts(person, file);
    loop {
        let line = person.hears("\n");
        if line.starts_with(['>', '!']) {
            return line.starts_with("> Your file has been uploaded");
        }
    }
}

/// A file from `offset` on.
fn fetches(person: &mut Person, name: &str, offset: usize) -> Vec<u8> {
    person.sends(format!("#get '{name}' {offset}\n"));
    let told = person.hears("#file '");
    assert!(!told.contains('!'), "{told}");
    let line = person.hears("\n");
    let size: usize = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
    let (bytes, sum) = receive_parts(person);
    assert_eq!(bytes.len(), size - offset, "{name}");
    assert!(offset > 0 || sum == digest(&bytes).to_string(), "{name}");
    bytes
}

/// What a peer is told that wants to fetch a file and may not.
pub(crate) fn refused_fetch(person: &mut Person, name: &str) -> String {
    person.sends(format!("#get '{name}'\n"));
    loop {
        let line = person.hears("\n");
        assert!(!line.starts_with("#file"), "{line}");
        if line.starts_with('!') {
            return line;
        }
    }
}

/// What comes in parts until the sum of the whole file, and that.
fn receive_parts(person: &mut Person) -> (Vec<u8>, String) {
    let mut bytes = Vec::new();
    loop {
        let line = person.hears("\n");
        if let Some(len) = line.strip_prefix("#part ") {
            bytes.extend(person.takes(len.trim_end().parse().unwrap()));
        } else if let Some(sum) = line.strip_prefix("#sum ") {
            return (bytes, sum.trim_end().to_owned());
        } else {
            assert!(line.starts_with(['[', '>', '<']), "{line}");
        }
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}
