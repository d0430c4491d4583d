//! Standard output: buffered, flushed before a fork and at exit, quiet when the reader has gone.

use std::io::IsTerminal;

const FULL: usize = 1 << 16;

/// What became of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OutputState {
    /// All is well.
    #[default]
    Open,
    /// The reader closed its end.
    Closed,
    /// The system refused: the error number.
    Failed(i32),
}

/// The buffer before standard output.
pub struct Output {
    buffer: Vec<u8>,
    by_line: bool,
    state: OutputState,
    is_muted: bool,
}

impl Default for Output {
    fn default() -> Output {
        Output {
            buffer: Vec::with_capacity(FULL),
            by_line: std::io::stdout().is_terminal(),
            state: OutputState::Open,
            is_muted: false,
        }
    }
}

impl Output {
    /// Swallows what is written from now on, or no longer.
    pub fn mute(&mut self, is_muted: bool) {
        self.flush();
        self.is_muted = is_muted;
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.buffer.len() + bytes.len() >= FULL {
            self.flush();
        }
        if bytes.len() >= FULL {
            self.put(bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Adds a newline; a terminal sees the line at once.
    pub fn end_line(&mut self) {
        self.buffer.push(b'\n');
        if self.by_line || self.buffer.len() >= FULL {
            self.flush();
        }
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) -> OutputState {
        let buffer = std::mem::take(&mut self.buffer);
        self.put(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        self.state
    }

    /// The same, for places that go on whatever happens.
    pub fn flush_quietly(&mut self) {
        self.flush();
    }

    /// What became of it so far.
    pub fn state(&self) -> OutputState {
        self.state
    }

    fn put(&mut self, mut bytes: &[u8]) {
        if self.is_muted {
            return;
        }
        while !bytes.is_empty() && self.state == OutputState::Open {
            match nix::unistd::write(std::io::stdout(), bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(nix::errno::Errno::EINTR) => {}
                Err(nix::errno::Errno::EAGAIN) => {
                    // A terminal or pipe that someone made non-blocking: wait for it.
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                Err(nix::errno::Errno::EPIPE) => self.state = OutputState::Closed,
                Err(error) => self.state = OutputState::Failed(error as i32),
            }
        }
    }
}
