//! A small disk of its own, that can be filled and emptied. Only root can mount one; whoever is not is told so.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted disk. It goes with the value.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts a disk of some megabytes over a folder; `None`, with a line that says so, where that is not allowed.
    pub fn mount(folder: &Path, megabytes: u32) -> Option<Disk> {
        fs::create_dir_all(folder).expect("a folder can be made");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Disk { folder: folder.to_owned() }),
            Ok(output) => {
                println!("SKIPPED: no disk can be mounted here: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                println!("SKIPPED: no disk can be mounted here: {error}");
                None
            }
        }
    }

    /// Leaves no room on it.
    pub fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).expect("a file can be made");
        for portion in [64 * 1024, 4096, 1] {
            let bytes = vec![0; portion];
            while ballast.write_all(&bytes).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn empty(&self) {
        fs::remove_file(self.ballast()).expect("the ballast can be removed");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join(".ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.folder).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            println!("{} stays mounted", self.folder.display());
        }
    }
}
