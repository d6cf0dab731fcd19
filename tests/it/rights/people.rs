//! Persons who hold one role at one place, and nothing else.

use api::app::App;
use api::identity::Actor;
use api::identity::session::{open, rights_changed};
use api::write::{Command, Tx};
use entity::identity::Role::{Administrator, Auditor, Clerk, Finance, Head, Office, Staff, Supervisor};
use entity::identity::{Locale, Role, Scope, account, role_grant};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use tests::Client;

/// Every role.
pub const ROLES: [Role; 8] = [Clerk, Head, Supervisor, Office, Staff, Finance, Auditor, Administrator];

/// Where a role is held.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    City,
    Unit(Uuid),
    Subtree(Uuid),
    Region(Uuid),
    Warehouse(Uuid),
}

/// Makes a person of each, with a session. They have no password: nobody signs in as them.
pub async fn enrol(app: &App, base: &str, roles: &[(Role, Place)]) -> anyhow::Result<Vec<Client>> {
    let tokens: Vec<String> = app
        .write(&Actor::system(), Command::new("enrol", None, &()), |tx: Tx| async move {
            let mut tokens = Vec::new();
            for (role, place) in roles {
                tokens.push(person(&tx, *role, *place).await?);
            }
            rights_changed(&tx).await?;
            Ok(tokens)
        })
        .await?;
    Ok(tokens.iter().map(|token| Client::new(base).with_token(token)).collect())
}

async fn person(tx: &Tx, role: Role, place: Place) -> Result<String, api::fault::Fault> {
    let id = tx.id();
    let account = account::Model {
        id,
        login: id.simple().to_string(),
        name: format!("{role:?}"),
        password_hash: String::new(),
        must_change_password: false,
        active: true,
        locale: Locale::En,
        created_at: tx.now(),
        version: 1,
    };
    account::Entity::insert(account.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    let (scope, scope_id) = match place {
        Place::City => (Scope::City, None),
        Place::Unit(id) => (Scope::Unit, Some(id)),
        Place::Subtree(id) => (Scope::Subtree, Some(id)),
        Place::Region(id) => (Scope::Region, Some(id)),
        Place::Warehouse(id) => (Scope::Warehouse, Some(id)),
    };
    let grant = role_grant::Model {
        id: tx.id(),
        account_id: id,
        role,
        scope,
        scope_id,
        valid_from: "2020-01-01".parse().expect("a day"),
        valid_to: None,
        granted_by: None,
        created_at: tx.now(),
    };
    role_grant::Entity::insert(grant.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    open(tx, id).await
}
