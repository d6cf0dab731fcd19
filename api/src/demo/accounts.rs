//! `demo-accounts.json`: who can sign in to the demo city, and how.

use std::path::{Path, PathBuf};

use anyhow::Context;
use entity::identity::Role;
use serde::Serialize;

use super::city::{City, role_word};
use super::load::password_of;

/// Name of the file in the data folder.
pub const FILE: &str = "demo-accounts.json";

/// One role of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What to sign in with.
    pub account: String,
    /// The password.
    pub password: String,
    /// The role, in lower case.
    pub role: &'static str,
    /// Name of the unit the person works at.
    pub unit: String,
    /// The person's name.
    pub name: String,
}

/// Every role that somebody holds, once for each who does; one of each role comes first.
#[must_use]
pub fn entries(city: &City) -> Vec<Entry> {
    let mut first = Vec::new();
    let mut rest = Vec::new();
    let mut seen: Vec<Role> = Vec::new();
    for account in &city.accounts {
        for (role, _) in &account.roles {
            let entry = Entry {
                account: account.login.clone(),
                password: password_of(city.seed(), account.main_role()),
                role: role_word(*role),
                unit: city.units[account.unit as usize].name.clone(),
                name: account.name.clone(),
            };
            if seen.contains(role) {
                rest.push(entry);
            } else {
                seen.push(*role);
                first.push(entry);
            }
        }
    }
    first.append(&mut rest);
    first
}

/// Writes the file into the folder; gives its path.
///
/// # Errors
/// When it cannot be written.
pub fn write(entries: &[Entry], folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(FILE);
    let unfinished = folder.join(format!(".{FILE}.unfinished"));
    let text = serde_json::to_string_pretty(entries)?;
    write_private(&unfinished, &text)
        .and_then(|()| std::fs::rename(&unfinished, &path))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Passwords, also those of a demo, are for the owner of the folder.
#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    // One left by a run that was killed may have been readable by others.
    let _ = std::fs::remove_file(path);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}
