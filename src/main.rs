//! The `sluis` program; see the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluis::cli::main()
}
