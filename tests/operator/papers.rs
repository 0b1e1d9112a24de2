//! Help, version, man pages and completions: where they go, and their status.

use std::process::{Command, Output};

const PROGRAMS: [(&str, &str); 2] =
    [("srv", env!("CARGO_BIN_EXE_srv")), ("cli", env!("CARGO_BIN_EXE_cli"))];

fn run(path: &str, arguments: &[&str]) -> Output {
    Command::new(path).args(arguments).output().unwrap()
}

/// What is asked for comes on standard output, with status 0.
#[track_caller]
fn printed(path: &str, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(path, arguments);
    assert_eq!((status.code(), stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    String::from_utf8(stdout).unwrap()
}

#[test]
fn help_and_version_are_printed() {
    for (name, path) in PROGRAMS {
        let version = format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
        for flag in ["--version", "-V"] {
            assert_eq!(printed(path, &[flag]), version);
        }
        let help = printed(path, &["--help"]);
        assert!(help.contains(&format!("Usage: {name} ")) && help.contains("--generate"), "{help}");
        assert!(help.lines().count() < 100 && help.lines().all(|line| line.chars().count() <= 100));
    }
}

#[test]
fn man_pages_are_printed() {
    for (name, path) in PROGRAMS {
        let page = printed(path, &["--generate", "man"]);
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        for heading in [".SH NAME\n", ".SH SYNOPSIS\n", ".SH OPTIONS\n"] {
            assert!(page.contains(heading), "{heading}");
        }
    }
    assert!(printed(PROGRAMS[0].1, &["--generate=man"]).contains("SNUG_MAX_FILE"));
}

/// The types of objects stand in the man pages and in the README.
#[test]
fn the_readme_has_the_objects_of_the_man_pages() {
    let readme = include_str!("../../README.md");
    for ((_, path), section) in PROGRAMS.into_iter().zip(["## Keeping a room", "## In a pipe"]) {
        let section = readme.split(section).nth(1).unwrap().split("\n## ").next().unwrap();
        let page = printed(path, &["--generate", "man"]);
        let objects = page.split(".SH OBJECTS\n").nth(1).unwrap().split(".SH ").next().unwrap();
        let terms = objects.split("\\fB").skip(1).map(|term| term.split("\\fR").next().unwrap());
        let types: Vec<_> = terms.flat_map(|term| term.split(", ")).collect();
        assert!(types.len() > 10, "{types:?}");
        for name in types {
            assert!(section.contains(&format!("`{name}`")), "{name} in {section}");
        }
    }
}

#[test]
fn completions_are_printed_for_each_shell() {
    for (name, path) in PROGRAMS {
        for (shell, sign) in [
            ("bash", format!("complete -F _{name} ")),
            ("elvish", format!("set edit:completion:arg-completer[{name}]")),
            ("fish", format!("complete -c {name} ")),
            ("powershell", "Register-ArgumentCompleter".into()),
            ("zsh", format!("#compdef {name}")),
        ] {
            let script = printed(path, &["--generate", shell]);
            assert!(script.contains(&sign) && script.contains("generate"), "{name} {shell}");
        }
        let bash = printed(path, &["--generate", "bash"]);
        let is_option = |script: &str, word: &str| script.contains(word);
        assert_eq!(is_option(&bash, "--log-format"), name == "srv");
    }
}

#[test]
fn a_wrong_paper_is_a_wrong_call() {
    for (name, path) in PROGRAMS {
        for arguments in
            [&["--generate"][..], &["--generate", "poem"], &["--generate", "man", "localhost", "1"]]
        {
            let output = run(path, arguments);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said, format!("valid format : {name} hostname port\n"));
            assert!(output.stderr.starts_with(b"error: "), "{arguments:?}");
        }
    }
}
