//! The small system a machine boots into: busybox, network drivers, and a token nobody else knows.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::failure::{Context, Failure, Result};
use crate::lab::Scratch;

/// The prompt of the shell on the console.
pub const PROMPT: &str = "netboot# ";

/// What the kernel starts. It loads the drivers in the order of their file names.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ PS1='netboot# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for driver in /drivers/*.ko; do
    insmod "$driver"
done
ip link set lo up
dmesg -n 1
echo
setsid cttyhack sh
poweroff -f
"#;

/// What udhcpc calls with what it was given.
const LEASE_SCRIPT: &str = r#"#!/bin/sh
case $1 in
bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "${router%% *}"
    echo "address in use: $ip"
    ;;
esac
"#;

/// A number that only one initrd holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// 32 hex digits from the kernel.
    ///
    /// # Errors
    /// If `/dev/urandom` cannot be read.
    pub fn draw() -> Result<Self> {
        let mut bytes = [0; 16];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut bytes))
            .context("cannot read /dev/urandom")?;
        let mut text = String::new();
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// A shell command that shows the token in a form that stands neither in the command nor in the initrd.
    #[must_use]
    pub fn question(&self) -> &'static str {
        "echo \"[$(rev /token | tr 0-9a-f g-v)]\""
    }

    /// What the console shows when the shell has the token.
    #[must_use]
    pub fn answer(&self) -> String {
        let turned = self.0.chars().rev().filter_map(|digit| {
            let value = digit.to_digit(16)?;
            char::from_digit(value + 16, 32)
        });
        format!("[{}]", turned.collect::<String>())
    }
}

/// Writes an initrd with `token` to `target`, from the busybox and the drivers in `stock`.
///
/// # Errors
/// If something is missing from the stock, or cpio or gzip fails.
pub fn build(stock: &Path, token: &Token, target: &Path) -> Result<()> {
    let tree = Scratch::new("initrd")?;
    for directory in ["bin", "dev", "proc", "sys", "drivers", "etc"] {
        let path = tree.path().join(directory);
        fs::create_dir_all(&path).context(format!("cannot make {}", path.display()))?;
    }
    copy(&stock.join("busybox"), &tree.path().join("bin/busybox"))?;
    copy_drivers(&stock.join("drivers"), &tree.path().join("drivers"))?;
    tree.write("token", format!("{}\n", token.0))?;
    executable(&tree.write("init", INIT)?)?;
    executable(&tree.write("lease", LEASE_SCRIPT)?)?;
    pack(tree.path(), target)
}

fn copy_drivers(from: &Path, to: &Path) -> Result<()> {
    let doing = format!("cannot read {}", from.display());
    for entry in fs::read_dir(from).context(&doing)? {
        let entry = entry.context(&doing)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).context(format!("cannot copy {}", from.display()))?;
    Ok(())
}

fn executable(file: &Path) -> Result<()> {
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .context(format!("cannot make {} executable", file.display()))
}

fn pack(tree: &Path, target: &Path) -> Result<()> {
    let script = "find . | cpio --quiet -o -H newc -R 0:0 | gzip -1";
    let output = File::create(target).context(format!("cannot make {}", target.display()))?;
    let status = Command::new("sh")
        .args(["-c", script])
        .current_dir(tree)
        .stdout(output)
        .status()
        .context("cannot run sh")?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new("cpio or gzip could not make the initrd"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_token_backwards_in_other_letters() {
        let token = Token("0123456789abcdef".to_owned());
        assert_eq!(token.answer(), "[vutsrqponmlkjihg]");
        assert!(!token.question().contains(&token.answer()));
    }

    #[test]
    fn the_shell_computes_the_answer_that_is_expected() {
        let token = Token::draw().unwrap();
        let scratch = Scratch::new("token").unwrap();
        let file = scratch.write("token", format!("{}\n", token.0)).unwrap();
        let question = token.question().replace("/token", &file.to_string_lossy());
        let shell = Command::new("sh").args(["-c", &question]).output().unwrap();
        let said = String::from_utf8(shell.stdout).unwrap();
        assert_eq!(said.trim_end(), token.answer());
    }

    #[test]
    fn no_two_tokens_are_equal() {
        assert_ne!(Token::draw().unwrap(), Token::draw().unwrap());
    }
}
