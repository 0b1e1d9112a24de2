//! What a command says can be written again and means the same.

use snug_core::wire::command::{Command, CommandError};

/// The bytes are taken for a line behind its `#`.
pub(crate) fn check(data: &[u8]) {
    if data.contains(&b'\n') {
        return;
    }
    let line = [b"#", data].concat();
    match Command::parse(&line) {
        Ok(
            Command::Upload { name: Err(_), .. }
            | Command::Put { name: Err(_), .. }
            | Command::Get { name: Err(_), .. },
        ) => {}
        Ok(command) => {
            let written = write(&command);
            assert_eq!(Command::parse(&written), Ok(command), "{:?}", written.escape_ascii());
        }
        Err(why) => tells_why(why),
    }
}

fn write(command: &Command<'_>) -> Vec<u8> {
    match command {
        Command::Upload { name: Ok(name), size } => format!("#upload '{name}' {size}").into_bytes(),
        Command::Put { name: Ok(name), size, digest, replace } => {
            let replace = if *replace { " replace" } else { "" };
            format!("#put '{name}' {size} {digest}{replace}").into_bytes()
        }
        Command::Get { name: Ok(name), offset } => format!("#get '{name}' {offset}").into_bytes(),
        Command::Upload { .. } | Command::Put { .. } | Command::Get { .. } => {
            unreachable!("what is refused is not written")
        }
        Command::Part(size) => format!("#part {size}").into_bytes(),
        Command::Stop => b"#stop".to_vec(),
        Command::Files => b"#files".to_vec(),
        Command::Nick(nick) => format!("#nick {nick}").into_bytes(),
        Command::Who => b"#who".to_vec(),
        Command::Msg { to, text } => [b"#msg ", *to, b" ", text].concat(),
        Command::Me(text) => [b"#me ", *text].concat(),
        Command::History(None) => b"#history".to_vec(),
        Command::History(Some(count)) => format!("#history {count}").into_bytes(),
        Command::Help => b"#help".to_vec(),
        Command::Quit => b"#quit".to_vec(),
    }
}

fn tells_why(why: CommandError) {
    let sentence = why.to_string();
    assert!(!sentence.is_empty() && sentence.len() < 200 && !sentence.contains('\n'));
}
