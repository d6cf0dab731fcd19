use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions};

use super::limits;
use super::nodes::NodeQuery;
use crate::app::App;
use crate::assets::graphql::{AssetMutation, AssetQuery};
use crate::audit::graphql::AuditQuery;
use crate::catalogue::graphql::{CatalogueMutation, CatalogueQuery};
use crate::decisions::graphql::{DecisionMutation, DecisionQuery};
use crate::deliveries::graphql::{DeliveriesMutation, DeliveriesQuery};
use crate::events::graphql::EventsQuery;
use crate::finding::graphql::{FindingMutation, FindingQuery};
use crate::identity::graphql::{IdentityMutation, IdentityQuery};
use crate::import::graphql::{ImportMutation, ImportQuery};
use crate::jobs::graphql::JobsQuery;
use crate::listings::graphql::{ListingMutation, ListingQuery};
use crate::organisation::graphql::{OrganisationMutation, OrganisationQuery};
use crate::photos::graphql::PhotosMutation;
use crate::requests::graphql::{RequestMutation, RequestQuery};
use crate::savings::graphql::SavingsQuery;
use crate::transfers::graphql::{TransferMutation, TransferQuery};
use crate::warehouses::graphql::{WarehousesMutation, WarehousesQuery};

/// What may be asked.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    IdentityQuery,
    OrganisationQuery,
    CatalogueQuery,
    WarehousesQuery,
    AssetQuery,
    ListingQuery,
    FindingQuery,
    DecisionQuery,
    RequestQuery,
    JobsQuery,
    AuditQuery,
    EventsQuery,
    DeliveriesQuery,
    ImportQuery,
    TransferQuery,
    SavingsQuery,
    NodeQuery,
);

/// What may be done.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    IdentityMutation,
    OrganisationMutation,
    CatalogueMutation,
    WarehousesMutation,
    AssetMutation,
    ListingMutation,
    PhotosMutation,
    DecisionMutation,
    RequestMutation,
    TransferMutation,
    FindingMutation,
    DeliveriesMutation,
    ImportMutation,
);

/// The service's schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema over an app.
#[must_use]
pub fn schema(app: App) -> Schema {
    builder().data(app).finish()
}

/// The schema as text, sorted so that a change of the code's order is no change of the text.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new().federation().compose_directive();
    builder().finish().sdl_with_options(options)
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .enable_federation()
        .limit_depth(limits::DEPTH)
        .limit_recursive_depth(limits::RECURSION)
        .limit_complexity(limits::COMPLEXITY)
        .limit_directives(limits::DIRECTIVES)
        .disable_suggestions()
        .with_sorted_fields()
        .with_sorted_enums()
}
