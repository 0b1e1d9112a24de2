//! The device in QEMU, its card, and peers that talk to it.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use crate::person::Person;

const PATIENCE: Duration = Duration::from_secs(20);

/// An SD card, as an image.
pub(crate) struct Card {
    folder: TempDir,
}

impl Card {
    /// An empty one with FAT16, of a power of two in MiB.
    pub(crate) fn new(mebibytes: u32) -> Self {
        Self::make(mebibytes, "16")
    }

    /// An empty one with FAT32.
    pub(crate) fn fat32() -> Self {
        Self::make(128, "32")
    }

    fn make(mebibytes: u32, fat: &str) -> Self {
        let card = Self { folder: tempfile::tempdir().unwrap() };
        let mut command = Command::new(firmware("card"));
        let made = command.arg(card.image()).args([&mebibytes.to_string(), fat]).status();
        assert!(made.unwrap().success(), "sfdisk and mkfs.fat are needed");
        card
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("card.img")
    }

    /// The bytes of a file on it, if it is there.
    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        let out = self.mtools("mtype", &format!("::{name}"));
        out.status.success().then_some(out.stdout)
    }

    /// The names of all files on it, short ones for those that have no others.
    pub(crate) fn names(&self) -> Vec<String> {
        let out = self.mtools("mdir", "::");
        assert!(out.status.success(), "mtools are needed");
        let names = String::from_utf8(out.stdout).unwrap();
        let mut names: Vec<_> =
            names.lines().map(|line| line.trim_start_matches("::/").into()).collect();
        names.sort();
        names
    }

    fn mtools(&self, tool: &str, path: &str) -> std::process::Output {
        let brief: &[&str] = if tool == "mdir" { &["-b", "-a"] } else { &[] };
        let image = format!("{}@@1M", self.image().display());
        let mut command = Command::new(tool);
        // mtools would otherwise take names for those of this machine's locale.
        command.env("LC_ALL", "C.UTF-8").args(brief).args(["-i", &image, path]);
        command.output().expect("mtools are needed")
    }

    /// What `fsck` finds wrong with it; it changes nothing.
    pub(crate) fn complaints(&self) -> String {
        let partition = self.folder.path().join("partition.img");
        fs::write(&partition, &fs::read(self.image()).unwrap()[1 << 20..]).unwrap();
        let found =
            ["/sbin/fsck.fat", "/usr/sbin/fsck.fat"].iter().find(|path| Path::new(path).exists());
        let out =
            Command::new(found.expect("dosfstools are needed")).arg("-n").arg(&partition).output();
        let said = String::from_utf8(out.unwrap().stdout).unwrap();
        // The count of free clusters is left open on purpose, on FAT32.
        let usual = ["fsck.fat ", "Free cluster summary uninitialized", "Leaving ", "/"];
        let usual = |line: &&str| usual.iter().any(|start| line.starts_with(start));
        said.lines().filter(|line| !line.is_empty() && !usual(line)).collect()
    }
}

/// The device, running.
pub(crate) struct Machine {
    qemu: Child,
    port: u16,
    console: Receiver<String>,
    monitor: PathBuf,
    folder: TempDir,
}

impl Machine {
    /// Starts the device, and waits until it can be joined.
    pub(crate) fn start(card: Option<&Card>) -> Self {
        Self::start_with(card, &[])
    }

    /// The same with more options of QEMU.
    pub(crate) fn start_with(card: Option<&Card>, options: &[&str]) -> Self {
        Self::run(Command::new(firmware("run")), free_port(), card, options)
    }

    /// Starts it with a cable that leads to QEMU's `options` instead of to this
    /// machine's network; `port` leads to the device all the same.
    pub(crate) fn start_on(options: &str, port: u16, card: Option<&Card>) -> Self {
        let mut command = Command::new(firmware("run"));
        command.env("SNUG_CABLE", options);
        Self::run(command, port, card, &[])
    }

    fn run(mut command: Command, port: u16, card: Option<&Card>, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let monitor = folder.path().join("monitor");
        command.arg(port.to_string());
        command.arg(card.map_or("none".into(), Card::image));
        command.arg("-monitor").arg(format!("unix:{},server,nowait", monitor.display()));
        command.args(options).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut qemu = command.spawn().unwrap();
        let (told, console) = mpsc::channel();
        let lines = BufReader::new(qemu.stdout.take().unwrap()).lines();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| told.send(line)));
        let machine = Self { qemu, port, console, monitor, folder };
        machine.shows(&format!("Chat server started on port {port}."));
        machine
    }

    /// Waits for a line on the console that has this in it.
    pub(crate) fn shows(&self, part: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line =
                self.console.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {part:?}"));
            if line.contains(part) {
                return;
            }
        }
    }

    /// Where this machine reaches it.
    pub(crate) fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Joins the room. One peer at a time: QEMU queues only one.
    pub(crate) fn join(&self) -> Person {
        self.knock().comes_in()
    }

    /// Connects, whatever comes of it.
    pub(crate) fn knock(&self) -> Person {
        let stream = TcpStream::connect(self.addr()).unwrap();
        Person::new(stream)
    }

    /// Gives QEMU an order.
    pub(crate) fn order(&self, order: &str) {
        let mut monitor = UnixStream::connect(&self.monitor).unwrap();
        writeln!(monitor, "{order}").unwrap();
        monitor.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        // It answers, and then waits for the next order.
        let _ = monitor.read_to_end(&mut Vec::new());
    }

    /// What the RAM holds.
    pub(crate) fn ram(&self, address: u32, len: usize) -> Vec<u8> {
        let dump = self.folder.path().join("ram");
        self.order(&format!("pmemsave {address:#x} {len} \"{}\"", dump.display()));
        fs::read(dump).unwrap()
    }

    /// Time that QEMU has computed for the device.
    pub(crate) fn effort(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.qemu.id())).unwrap();
        let fields = stat.rsplit(')').next().unwrap().split_whitespace();
        let ticks = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// Turns the device off once it has tidied up.
    pub(crate) fn stop(self) {
        thread::sleep(Duration::from_millis(500));
        self.cut();
    }

    /// Cuts the power.
    pub(crate) fn cut(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.qemu.kill();
        self.qemu.wait().unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.end();
    }
}

fn firmware(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware").join(script)
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
