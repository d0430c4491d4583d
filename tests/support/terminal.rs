//! A terminal with the REPL in it: a pseudo-terminal, and a model of what it would show.

use rexpect::process::PtyProcess;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use vt100::{Cell, Color};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// For how long a screen is looked at before it is looked at again.
const GLANCE: Duration = Duration::from_millis(50);
/// Rows of a screen on which nothing is lost.
const TALL: u16 = 200;
const COLUMNS: u16 = 80;

/// Keys, as a terminal sends them.
pub(crate) const ENTER: &str = "\r";
pub(crate) const TAB: &str = "\t";
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const RIGHT: &str = "\x1b[C";
pub(crate) const PAGE_UP: &str = "\x1b[5~";
pub(crate) const ALT_ENTER: &str = "\x1b\r";
pub(crate) const CTRL_A: &str = "\x01";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
const CTRL_L: &str = "\x0c";
pub(crate) const CTRL_R: &str = "\x12";

/// A folder of one's own for one test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("calf-repl-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A session to be begun.
pub(crate) struct Start<'f> {
    folder: &'f Folder,
    rows: u16,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    /// What the shell runs once the session has ended.
    afterwards: &'static str,
}

impl<'f> Start<'f> {
    /// In this folder, which is the home, too.
    pub(crate) fn new(folder: &'f Folder) -> Start<'f> {
        Start { folder, rows: TALL, arguments: Vec::new(), variables: Vec::new(), afterwards: "" }
    }
    pub(crate) fn rows(mut self, rows: u16) -> Start<'f> {
        self.rows = rows;
        self
    }
    pub(crate) fn args(mut self, arguments: &[&str]) -> Start<'f> {
        self.arguments.extend(arguments.iter().map(|argument| argument.to_string()));
        self
    }
    pub(crate) fn env(mut self, name: &str, value: &str) -> Start<'f> {
        self.variables.push((name.to_string(), value.to_string()));
        self
    }
    pub(crate) fn afterwards(mut self, command: &'static str) -> Start<'f> {
        self.afterwards = command;
        self
    }

    /// Begins it, and waits for the first prompt.
    pub(crate) fn talk(self) -> Terminal {
        let mut terminal = self.begin();
        terminal.wait_for_prompt();
        terminal
    }

    pub(crate) fn begin(self) -> Terminal {
        let mut shell = Command::new("/bin/sh");
        // The last line is never run when the session replaces the shell.
        let session = match self.afterwards {
            "" => "exec \"$CALF\" \"$@\"".to_string(),
            afterwards => format!("\"$CALF\" \"$@\"\n{afterwards}"),
        };
        shell.arg("-c").arg(format!("stty sane rows {} cols {COLUMNS}\n{session}", self.rows));
        shell.arg("calf").args(&self.arguments).current_dir(self.folder.path());
        shell.env("CALF", env!("CARGO_BIN_EXE_calf")).env("HOME", self.folder.path());
        shell.env("TERM", "xterm-256color");
        for name in
            ["CALF_GC", "CALF_HISTORY", "XDG_STATE_HOME", "NO_COLOR", "VISUAL", "EDITOR", "COLUMNS"]
        {
            shell.env_remove(name);
        }
        shell.envs(self.variables);
        let mut process = PtyProcess::new(shell).expect("a pseudo-terminal can be opened");
        process.set_kill_timeout(Some(10_000));
        let writer = process.get_file_handle().expect("the terminal can be written to");
        let mut reader = process.get_file_handle().expect("the terminal can be read");
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // It ends with an error once the other side has gone.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let size = |number| NonZeroU16::new(number).expect("a screen has a size");
        let screen = vt100::Parser::new(size(self.rows), size(COLUMNS), 0);
        let height = self.rows;
        Terminal { process, writer, bytes, screen, height, seen: Vec::new(), is_closed: false }
    }
}

/// A session in a terminal.
pub(crate) struct Terminal {
    process: PtyProcess,
    writer: File,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Rows of the screen.
    height: u16,
    /// Everything that was written to the terminal.
    pub(crate) seen: Vec<u8>,
    is_closed: bool,
}

impl Terminal {
    /// Types.
    pub(crate) fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.writer.flush().expect("the terminal takes keys");
    }

    /// The rows of the screen, without blanks at their ends.
    pub(crate) fn rows(&self) -> Vec<String> {
        let rows = self.screen.screen().rows(0, COLUMNS);
        rows.map(|row| row.trim_end().to_string()).collect()
    }

    /// The screen without its empty rows at the end.
    pub(crate) fn text(&self) -> String {
        self.rows().join("\n").trim_end().to_string()
    }

    fn look(&mut self) {
        match self.bytes.recv_timeout(GLANCE) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.seen.extend(bytes);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                self.is_closed = true;
                std::thread::sleep(GLANCE);
            }
        }
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Terminal) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "never {what}:\n{}", self.text());
            self.look();
        }
    }

    /// Waits until this text is on the screen.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        self.wait_until(&format!("shows {text:?}"), |terminal| terminal.text().contains(text));
    }

    /// Waits until an empty prompt stands under the cursor.
    #[track_caller]
    pub(crate) fn wait_for_prompt(&mut self) {
        self.wait_until("asks", |terminal| {
            let (row, column) = terminal.screen.screen().cursor_position();
            column == 2 && terminal.rows()[usize::from(row)] == ">"
        });
    }

    /// The row in which the cursor is, without blanks at its end.
    pub(crate) fn row(&self) -> String {
        let (row, _) = self.screen.screen().cursor_position();
        self.rows().swap_remove(usize::from(row))
    }

    /// Waits until the row with the cursor is this one.
    #[track_caller]
    pub(crate) fn expect_row(&mut self, text: &str) {
        self.wait_until(&format!("shows {text:?} at the cursor"), |terminal| {
            terminal.row() == text
        });
    }

    /// What is typed up to the cursor on the last line, which may take several rows.
    fn typed(&self) -> String {
        let (row, column) = self.screen.screen().cursor_position();
        let rows = self.rows();
        let columns = usize::from(COLUMNS);
        let before = rows[..usize::from(row)].iter().map(|row| format!("{row:columns$}"));
        let at: String = rows[usize::from(row)]
            .chars()
            .chain(std::iter::repeat(' '))
            .take(usize::from(column))
            .collect();
        before.collect::<String>() + &at
    }

    /// Types a text and waits until it stands in front of the cursor; several lines are typed as such.
    #[track_caller]
    pub(crate) fn type_in(&mut self, text: &str) {
        self.send(&text.replace('\n', ENTER));
        let last = text.split('\n').next_back().unwrap_or_default().to_string();
        self.wait_until(&format!("shows {last:?} being typed"), |terminal| {
            terminal.typed().ends_with(&last)
        });
    }

    /// Presses Ctrl-C, which drops what is typed or interrupts what runs, and waits for the prompt.
    #[track_caller]
    pub(crate) fn interrupt(&mut self) {
        self.send(CTRL_C);
        self.wait_for_prompt();
    }

    /// Enters a line and gives what is printed until the next prompt.
    #[track_caller]
    pub(crate) fn enter(&mut self, text: &str) -> String {
        let (row, _) = self.screen.screen().cursor_position();
        if row > self.height / 2 {
            // What is printed must not scroll.
            self.send(CTRL_L);
            self.wait_until("clears the screen", |terminal| {
                terminal.screen.screen().cursor_position() == (0, 2)
            });
        }
        self.type_in(text);
        self.run()
    }

    /// Presses Enter and gives what is printed until the next prompt.
    #[track_caller]
    pub(crate) fn run(&mut self) -> String {
        let (first, _) = self.screen.screen().cursor_position();
        self.send(ENTER);
        self.wait_for_prompt();
        let (last, _) = self.screen.screen().cursor_position();
        self.rows()[usize::from(first) + 1..usize::from(last)].join("\n")
    }

    /// The cell where a text begins that is on the screen once or more: the last one.
    #[track_caller]
    pub(crate) fn cell(&self, text: &str) -> Cell {
        let rows = self.rows();
        let found = rows.iter().enumerate().rev().find_map(|(row, line)| {
            line.find(text).map(|at| (row as u16, line[..at].chars().count() as u16))
        });
        let (row, column) = found.unwrap_or_else(|| panic!("no {text:?} in\n{}", self.text()));
        self.screen.screen().cell(row, column).expect("a cell of the screen").clone()
    }

    /// Is anything on the screen shown inversely?
    pub(crate) fn is_marked(&self) -> bool {
        let screen = self.screen.screen();
        let cells = (0..self.height).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        cells.filter_map(|(row, column)| screen.cell(row, column)).any(Cell::inverse)
    }

    /// The colour of a text that is on the screen.
    #[track_caller]
    pub(crate) fn color(&self, text: &str) -> Color {
        self.cell(text).fgcolor()
    }

    /// Waits for the end, and gives how the process ended.
    #[track_caller]
    pub(crate) fn end(&mut self) -> rexpect::process::WaitStatus {
        self.wait_until("ends", |terminal| terminal.is_closed);
        self.process.wait().expect("the process ended")
    }
}

/// Sends a signal to a process.
pub(crate) fn send_signal(process: i32, name: &str) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "cannot send {name}");
}
