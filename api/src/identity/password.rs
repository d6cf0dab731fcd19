//! Hashing of passwords: argon2id, few at a time.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::fault::{Code, Fault, Rejection};
use crate::ids::Ids;

/// Shortest password taken.
pub const LEAST: usize = 10;
/// Longest: hashing cost grows with it.
pub const MOST: usize = 200;
/// Each hash takes 19 MiB while it runs: many at once would be the end of a small machine.
static TURNS: Semaphore = Semaphore::const_new(2);
/// Those whose turn it is and those who wait for it, as permits: a longer queue would only be a longer wait for all.
static QUEUE: Semaphore = Semaphore::const_new(MOST_QUEUED);
/// Places in the queue: at 50 ms a hash, the last one waits about a second.
const MOST_QUEUED: usize = 34;
/// Memory in KiB, passes, lanes: the first choice of the OWASP password storage cheat sheet.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

fn hasher() -> Argon2<'static> {
    let params = Params::new(COST.0, COST.1, COST.2, None).expect("the constants are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Checks a new password against the account's name and the length limits.
///
/// # Errors
/// [`Code::PasswordTooWeak`], [`Code::TooLong`].
pub fn check(login: &str, password: &str) -> Result<(), Rejection> {
    if password.chars().count() < LEAST || password.eq_ignore_ascii_case(login) {
        return Err(Rejection::new(Code::PasswordTooWeak).at("password").with("least", LEAST));
    }
    if password.chars().count() > MOST {
        return Err(Rejection::new(Code::TooLong).at("password").with("most", MOST));
    }
    Ok(())
}

/// A place in the queue and, after a while, the turn. Both last as long as the work they are for, also where its caller
/// hung up meanwhile.
async fn turn(queue: &'static Semaphore) -> Result<[SemaphorePermit<'static>; 2], Fault> {
    let place = queue.try_acquire().map_err(|_| Rejection::new(Code::SlowDown).with("seconds", 2))?;
    let turn = TURNS.acquire().await.map_err(anyhow::Error::from)?;
    Ok([place, turn])
}

/// Hashes a password; waits for its turn.
///
/// # Errors
/// [`Code::SlowDown`] where too many wait already; when the hasher fails, which it does only for impossible parameters.
pub async fn hash(ids: &Ids, password: &str) -> Result<String, Fault> {
    let salt =
        SaltString::encode_b64(&ids.bytes::<16>()).map_err(|error| anyhow::anyhow!("salt: {error}"))?;
    let password = password.to_owned();
    let turn = turn(&QUEUE).await?;
    let hash = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        hasher().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
    });
    let hash = hash.await.map_err(anyhow::Error::from)?;
    Ok(hash.map_err(|error| anyhow::anyhow!("argon2: {error}"))?)
}

/// Whether the password is the one of `hash`; without a hash it takes as long and is false.
///
/// # Errors
/// [`Code::SlowDown`] where too many wait already; when a stored hash cannot be read.
pub async fn verify(hash: Option<&str>, password: &str) -> Result<bool, Fault> {
    // A hash of nothing anybody knows: an unknown account must not answer faster than a wrong password.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let known = hash.is_some();
    let hash = hash.unwrap_or(NOBODY).to_owned();
    let password = password.to_owned();
    if password.chars().count() > MOST {
        return Ok(false);
    }
    let turn = turn(&QUEUE).await?;
    let right = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let parsed = PasswordHash::new(&hash).map_err(|error| anyhow::anyhow!("stored hash: {error}"))?;
        anyhow::Ok(hasher().verify_password(password.as_bytes(), &parsed).is_ok() && known)
    });
    Ok(right.await.map_err(anyhow::Error::from)??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let hash = hash(&Ids::seeded(1), "correct horse").await.unwrap();
        assert!(verify(Some(&hash), "correct horse").await.unwrap());
        assert!(!verify(Some(&hash), "correct horsf").await.unwrap());
        assert!(!verify(None, "correct horse").await.unwrap());
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_told_to_come_again() {
        static SHORT: Semaphore = Semaphore::const_new(1);
        let first = turn(&SHORT).await.unwrap();
        let Err(Fault::Rejected(told)) = turn(&SHORT).await else { panic!("a second one got in") };
        assert_eq!(told[0].code, Code::SlowDown);
        drop(first);
        assert!(turn(&SHORT).await.is_ok());
    }

    #[test]
    fn short_passwords_and_the_login_itself_are_refused() {
        assert!(check("zhangsan", "short").is_err());
        assert!(check("zhangsan-wu", "ZhangSan-Wu").is_err());
        assert!(check("zhangsan", &"x".repeat(201)).is_err());
        assert!(check("zhangsan", "一二三四五六七八九十").is_ok());
    }
}
