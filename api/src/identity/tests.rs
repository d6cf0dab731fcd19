//! The use cases of accounts and grants on a real database.

use entity::identity::{Locale, Role, Scope};
use uuid::Uuid;

use super::create_account::create_account;
use super::first_administrator::{self, first_administrator, redeem};
use super::grant_role::grant_role;
use super::reset_password::reset_password;
use super::revoke_role::{self, revoke_role};
use super::rules::{AccountForm, GrantForm};
use super::session::Token;
use super::set_account_active::{self, set_account_active};
use super::sign_in::{sign_in, start_session};
use super::{Actor, change_password::change_password, read};
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault};
use crate::testing;

fn code<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> Code {
    match outcome {
        Err(Fault::Rejected(list)) => list[0].code,
        other => panic!("expected a rejection, got {other:?}"),
    }
}

fn entrant(code: &str) -> first_administrator::Input {
    first_administrator::Input {
        code: code.to_owned(),
        login: "Admin".into(),
        name: "管理员".into(),
        password: "a long password".into(),
        locale: Locale::Zh,
    }
}

async fn administrator(app: &App) -> Actor {
    let code = first_administrator(app).await.unwrap().unwrap();
    let id = redeem(app, &entrant(&code), "test").await.unwrap();
    app.actor_of(id).await.unwrap().unwrap()
}

fn form(login: &str) -> AccountForm {
    AccountForm { login: login.into(), name: "张三".into(), locale: Locale::Zh }
}

#[tokio::test]
async fn the_first_administrator_comes_in_once_by_the_last_code() {
    let (app, _folder) = testing::app().await;
    let first = first_administrator(&app).await.unwrap().unwrap();
    let second = first_administrator(&app).await.unwrap().unwrap();
    assert_eq!(code(redeem(&app, &entrant(&first), "a").await), Code::WrongCode);
    let weak = first_administrator::Input { password: "short".into(), ..entrant(&second) };
    assert_eq!(code(redeem(&app, &weak, "a").await), Code::PasswordTooWeak);
    let id = redeem(&app, &entrant(&second.to_uppercase()), "a").await.unwrap();
    assert_eq!(code(redeem(&app, &entrant(&second), "a").await), Code::WrongCode);
    assert_eq!(first_administrator(&app).await.unwrap(), None);
    let actor = app.actor_of(id).await.unwrap().unwrap();
    assert!(actor.may_somewhere(Operation::CreateAccount));
    let signed_in = sign_in(&app, "admin", "a long password", "a").await.unwrap();
    assert!(!signed_in.must_change_password);
}

#[tokio::test]
async fn a_code_that_is_too_old_or_guessed_is_refused() {
    let (app, _folder) = testing::app().await;
    let printed = first_administrator(&app).await.unwrap().unwrap();
    app.clock().set(testing::start() + chrono::TimeDelta::hours(25));
    assert_eq!(code(redeem(&app, &entrant(&printed), "a").await), Code::WrongCode);
    for _ in 0..4 {
        assert_eq!(code(redeem(&app, &entrant("aaaa-aaaa-aaaa"), "a").await), Code::WrongCode);
    }
    assert_eq!(code(redeem(&app, &entrant("aaaa-aaaa-aaaa"), "a").await), Code::SlowDown);
}

#[tokio::test]
async fn a_new_account_signs_in_by_a_password_told_once_and_must_change_it() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let made = create_account(&app, &admin, Some("k"), &form("zhang")).await.unwrap();
    let password = made.one_time_password.unwrap();
    let again = create_account(&app, &admin, Some("k"), &form("zhang")).await.unwrap();
    assert_eq!((again.account_id, again.one_time_password), (made.account_id, None), "told only once");
    assert_eq!(code(create_account(&app, &admin, Some("l"), &form("ZHANG")).await), Code::Duplicate);
    let here = sign_in(&app, "zhang", &password, "a").await.unwrap();
    assert!(here.must_change_password);
    let there = sign_in(&app, "zhang", &password, "a").await.unwrap();

    let me = app.who(&here.token).await.unwrap().unwrap();
    let keep = Token(here.token.clone());
    let change = async |current: &str, new: &str| change_password(&app, &me, current, new, Some(&keep)).await;
    assert_eq!(code(change("not the password", "another password").await), Code::WrongCredentials);
    assert_eq!(code(change(&password, "short").await), Code::PasswordTooWeak);
    assert_eq!(code(change(&password, &password).await), Code::PasswordTooWeak);
    change(&password, "another password").await.unwrap();
    let me = app.who(&here.token).await.unwrap().expect("the session it was changed in goes on");
    assert!(!me.account().unwrap().must_change_password);
    assert!(app.who(&there.token).await.unwrap().is_none(), "the other one has ended");
    assert_eq!(code(sign_in(&app, "zhang", &password, "a").await), Code::WrongCredentials);
    sign_in(&app, "zhang", "another password", "a").await.unwrap();
}

#[tokio::test]
async fn a_reset_ends_all_sessions() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let made = create_account(&app, &admin, None, &form("zhang")).await.unwrap();
    let old = made.one_time_password.unwrap();
    let session = sign_in(&app, "zhang", &old, "a").await.unwrap();
    let reset = reset_password(&app, &admin, None, made.account_id).await.unwrap();
    assert!(app.who(&session.token).await.unwrap().is_none());
    assert_eq!(code(sign_in(&app, "zhang", &old, "a").await), Code::WrongCredentials);
    assert!(
        sign_in(&app, "zhang", &reset.one_time_password.unwrap(), "a").await.unwrap().must_change_password
    );
    assert_eq!(code(reset_password(&app, &admin, None, Uuid::from_u128(1)).await), Code::NotFound);
}

#[tokio::test]
async fn grants_count_from_their_first_day_to_their_end() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let made = create_account(&app, &admin, None, &form("zhang")).await.unwrap();
    let password = made.one_time_password.unwrap();
    let token = sign_in(&app, "zhang", &password, "a").await.unwrap().token;
    let tomorrow = app.clock().today().succ_opt().unwrap();
    let grant = GrantForm {
        account_id: made.account_id,
        role: Role::Finance,
        scope: Scope::City,
        scope_id: None,
        valid_from: tomorrow,
        valid_to: None,
    };
    let nowhere = GrantForm { scope: Scope::Unit, scope_id: Some(Uuid::from_u128(1)), ..grant.clone() };
    assert_eq!(code(grant_role(&app, &admin, None, &nowhere).await), Code::NotFound);
    let grant_id = grant_role(&app, &admin, None, &grant).await.unwrap();
    let holds = async || app.who(&token).await.unwrap().unwrap().has_role(Role::Finance);
    assert!(!holds().await);
    // Midnight in Shanghai; the session of ten in the morning still lives.
    app.clock().set("2026-03-02T13:00:00Z".parse().unwrap());
    assert!(!holds().await);
    let token2 = sign_in(&app, "zhang", &password, "a").await.unwrap().token;
    app.clock().set("2026-03-02T16:00:00Z".parse().unwrap());
    let holds = async || app.who(&token2).await.unwrap().unwrap().has_role(Role::Finance);
    assert!(holds().await);
    let input = revoke_role::Input { grant_id, last_day: None };
    revoke_role(&app, &admin, None, &input).await.unwrap();
    assert!(!holds().await);
    assert_eq!(code(revoke_role(&app, &admin, None, &input).await), Code::WrongState);
    let rows = read::grants(app.db().read(), [made.account_id]).await.unwrap();
    assert_eq!(rows[&made.account_id].len(), 1, "who held what can still be told");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let id = admin.account_id().unwrap();
    let off = |account_id, version| set_account_active::Input { account_id, version, active: false };
    assert_eq!(code(set_account_active(&app, &admin, None, &off(id, 1)).await), Code::LastAdministrator);
    assert!(app.actor_of(id).await.unwrap().is_some(), "nothing was kept");
    let own = read::grants(app.db().read(), [id]).await.unwrap().remove(&id).unwrap().remove(0);
    let input = revoke_role::Input { grant_id: own.id, last_day: None };
    assert_eq!(code(revoke_role(&app, &admin, None, &input).await), Code::LastAdministrator);

    let other = create_account(&app, &admin, None, &form("zhang")).await.unwrap();
    let grant = GrantForm {
        account_id: other.account_id,
        role: Role::Administrator,
        scope: Scope::City,
        scope_id: None,
        valid_from: app.clock().today(),
        valid_to: None,
    };
    grant_role(&app, &admin, None, &grant).await.unwrap();
    assert_eq!(code(set_account_active(&app, &admin, None, &off(id, 7)).await), Code::Stale);
    let second = app.actor_of(other.account_id).await.unwrap().unwrap();
    let one_goes = off(id, 1);
    let other_goes = off(other.account_id, 1);
    let (one, two) = tokio::join!(
        set_account_active(&app, &second, None, &one_goes),
        set_account_active(&app, &admin, None, &other_goes),
    );
    assert!(one.is_ok() != two.is_ok(), "one of the two is left: {one:?} {two:?}");
}

#[tokio::test]
async fn nobody_but_an_administrator_administers() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let made = create_account(&app, &admin, None, &form("zhang")).await.unwrap();
    let nobody = app.actor_of(made.account_id).await.unwrap().unwrap();
    assert_eq!(code(create_account(&app, &nobody, None, &form("li")).await), Code::NotAllowed);
    assert_eq!(code(reset_password(&app, &nobody, None, made.account_id).await), Code::NotAllowed);
}

#[tokio::test]
async fn old_sessions_are_purged() {
    let (app, _folder) = testing::app().await;
    administrator(&app).await;
    sign_in(&app, "admin", "a long password", "a").await.unwrap();
    assert_eq!(super::purge::purge(&app).await.unwrap(), 0);
    app.clock().set(testing::start() + chrono::TimeDelta::days(8));
    assert_eq!(super::purge::purge(&app).await.unwrap(), 1);
}

#[tokio::test]
async fn an_administrator_for_a_while_does_not_replace_the_last_one() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let id = admin.account_id().unwrap();
    let other = create_account(&app, &admin, None, &form("zhang")).await.unwrap();
    let today = app.clock().today();
    let grant = GrantForm {
        account_id: other.account_id,
        role: Role::Administrator,
        scope: Scope::City,
        scope_id: None,
        valid_from: today,
        valid_to: Some(today + chrono::Days::new(3)),
    };
    let short = grant_role(&app, &admin, None, &grant).await.unwrap();
    let off = set_account_active::Input { account_id: id, version: 1, active: false };
    assert_eq!(code(set_account_active(&app, &admin, None, &off).await), Code::LastAdministrator);
    let own = read::grants(app.db().read(), [id]).await.unwrap().remove(&id).unwrap().remove(0);
    let end =
        |grant_id, days| revoke_role::Input { grant_id, last_day: Some(today + chrono::Days::new(days)) };
    assert_eq!(code(revoke_role(&app, &admin, None, &end(own.id, 30)).await), Code::LastAdministrator);

    // Ending a grant never makes it longer.
    assert_eq!(code(revoke_role(&app, &admin, None, &end(short, 4)).await), Code::Malformed);
    revoke_role(&app, &admin, None, &end(short, 1)).await.unwrap();
}

#[tokio::test]
async fn many_guesses_at_the_same_moment_are_counted_each() {
    let (app, _folder) = testing::app().await;
    administrator(&app).await;
    let guesses = (0..20).map(|_| sign_in(&app, "admin", "a wrong password", "a"));
    let told: Vec<Code> = futures_util::future::join_all(guesses).await.into_iter().map(code).collect();
    assert_eq!(told.iter().filter(|told| **told == Code::WrongCredentials).count(), 5, "{told:?}");
    assert_eq!(told.iter().filter(|told| **told == Code::SlowDown).count(), 15, "{told:?}");
    sign_in(&app, "admin", "a long password", "elsewhere").await.unwrap();
}

#[tokio::test]
async fn a_password_that_was_changed_while_it_was_checked_opens_no_session() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let account = read::account(app.db().read(), admin.account_id().unwrap()).await.unwrap().unwrap();
    change_password(&app, &admin, "a long password", "another password", None).await.unwrap();
    assert_eq!(code(start_session(&app, account.clone(), "a").await), Code::WrongCredentials);
    let account = read::account(app.db().read(), account.id).await.unwrap().unwrap();
    start_session(&app, account, "a").await.unwrap();
}

#[tokio::test]
async fn who_holds_no_role_may_still_see_that_and_change_the_password() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let made = create_account(&app, &admin, None, &form("zhang")).await.unwrap();
    let nobody = app.actor_of(made.account_id).await.unwrap().unwrap();
    let may: Vec<&Operation> =
        Operation::ALL.iter().filter(|operation| nobody.may_somewhere(**operation)).collect();
    assert_eq!(may, [&Operation::Me, &Operation::ChangePassword]);
}

#[tokio::test]
async fn a_role_at_one_unit_does_not_reach_the_whole_city() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    let account = admin.account().unwrap().clone();
    let at = |role, scope, scope_id| {
        let grant = entity::identity::role_grant::Model {
            id: Uuid::from_u128(1),
            account_id: account.id,
            role,
            scope,
            scope_id,
            valid_from: app.clock().today(),
            valid_to: None,
            granted_by: None,
            created_at: app.clock().now(),
        };
        Actor::person(account.clone(), &[grant], &[], &app.reference())
    };
    let place = Some(Uuid::from_u128(2));
    for (role, operation) in [
        (Role::Auditor, Operation::AuditTrail),
        (Role::Auditor, Operation::Events),
        (Role::Auditor, Operation::Accounts),
        (Role::Office, Operation::SetCitySetting),
        (Role::Office, Operation::SetStandard),
        (Role::Office, Operation::SetRequiredField),
    ] {
        for scope in [Scope::Unit, Scope::Subtree, Scope::Region] {
            let actor = at(role, scope, place);
            assert!(!actor.may_somewhere(operation), "{role:?} at one {scope:?}: {operation:?}");
            assert!(actor.allow(operation, &Default::default()).is_err());
        }
        let actor = at(role, Scope::City, None);
        assert!(actor.may_somewhere(operation) && actor.allow(operation, &Default::default()).is_ok());
    }
}

#[tokio::test]
async fn accounts_are_found_by_what_is_typed_and_not_by_what_it_may_stand_for() {
    let (app, _folder) = testing::app().await;
    let admin = administrator(&app).await;
    for (login, name) in [("li_si", "Li Si"), ("lixsi", "100%")] {
        let form = AccountForm { name: name.into(), ..form(login) };
        create_account(&app, &admin, None, &form).await.unwrap();
    }
    let found = async |text: &str| {
        let rows = read::accounts(app.db().read(), Some(text), None, None, None, 10).await.unwrap();
        rows.into_iter().map(|row| row.login).collect::<Vec<_>>()
    };
    assert_eq!(found("i_s").await, ["li_si"]);
    assert_eq!(found("LI SI").await, ["li_si"]);
    assert_eq!(found("%").await, ["lixsi"]);
    assert_eq!(found("\\").await, Vec::<String>::new());
}
