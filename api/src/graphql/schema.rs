use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions};

use super::limits;
use super::nodes::NodeQuery;
use crate::app::App;
use crate::approvals::graphql::delegations::{DelegationMutation, DelegationQuery};
use crate::approvals::graphql::rule_sets::{RuleSetMutation, RuleSetQuery};
use crate::approvals::graphql::supervision::SupervisionQuery;
use crate::assets::graphql::{AssetMutation, AssetQuery};
use crate::audit::graphql::AuditQuery;
use crate::awards::graphql::AwardsQuery;
use crate::catalogue::calendar_graphql::{CalendarMutation, CalendarQuery};
use crate::catalogue::graphql::{CatalogueMutation, CatalogueQuery};
use crate::catalogue::rates::graphql::{RatesMutation, RatesQuery};
use crate::corrections::graphql::{CorrectionMutation, CorrectionQuery};
use crate::decisions::graphql::{DecisionMutation, DecisionQuery};
use crate::decisions::preview::PreviewQuery;
use crate::deliveries::graphql::{DeliveriesMutation, DeliveriesQuery};
use crate::disposals::graphql::{DisposalMutation, DisposalQuery};
use crate::events::graphql::EventsQuery;
use crate::finding::graphql::{FindingMutation, FindingQuery};
use crate::identity::graphql::{IdentityMutation, IdentityQuery};
use crate::import::graphql::{ImportMutation, ImportQuery};
use crate::inbox::graphql::InboxQuery;
use crate::jobs::graphql::JobsQuery;
use crate::kits::graphql::{KitMutation, KitQuery};
use crate::listings::graphql::{ListingMutation, ListingQuery};
use crate::loans::graphql::{LoanMutation, LoanQuery};
use crate::organisation::graphql::{OrganisationMutation, OrganisationQuery};
use crate::photos::graphql::PhotosMutation;
use crate::plans::graphql::{PlanMutation, PlanQuery};
use crate::quotas::graphql::{QuotasMutation, QuotasQuery};
use crate::ranking::graphql::{RankingMutation, RankingQuery};
use crate::requests::graphql::{RequestMutation, RequestQuery};
use crate::savings::graphql::SavingsQuery;
use crate::successions::graphql::{SuccessionMutation, SuccessionQuery};
use crate::transfers::graphql::{TransferMutation, TransferQuery};
use crate::warehouses::graphql::{WarehousesMutation, WarehousesQuery};

// In groups: the futures of the fields of a merged object lie in each other, one a member.

#[derive(Debug, Default, MergedObject)]
struct PeopleQuery(
    IdentityQuery,
    OrganisationQuery,
    SuccessionQuery,
    JobsQuery,
    AuditQuery,
    EventsQuery,
    DeliveriesQuery,
);

#[derive(Debug, Default, MergedObject)]
struct RuleBookQuery(
    CatalogueQuery,
    RatesQuery,
    CalendarQuery,
    RuleSetQuery,
    RankingQuery,
    DelegationQuery,
    SupervisionQuery,
    PreviewQuery,
);

#[derive(Debug, Default, MergedObject)]
struct GoodsQuery(WarehousesQuery, AssetQuery, ListingQuery, FindingQuery, ImportQuery);

#[derive(Debug, Default, MergedObject)]
struct MovesQuery(
    DecisionQuery,
    RequestQuery,
    KitQuery,
    QuotasQuery,
    TransferQuery,
    LoanQuery,
    SavingsQuery,
    PlanQuery,
    AwardsQuery,
    InboxQuery,
    CorrectionQuery,
    DisposalQuery,
);

/// What may be asked.
#[derive(Debug, Default, MergedObject)]
pub struct Query(PeopleQuery, RuleBookQuery, GoodsQuery, MovesQuery, NodeQuery);

#[derive(Debug, Default, MergedObject)]
struct PeopleMutation(IdentityMutation, OrganisationMutation, SuccessionMutation, DeliveriesMutation);

#[derive(Debug, Default, MergedObject)]
struct RuleBookMutation(
    CatalogueMutation,
    RatesMutation,
    CalendarMutation,
    RuleSetMutation,
    RankingMutation,
    DelegationMutation,
);

#[derive(Debug, Default, MergedObject)]
struct GoodsMutation(
    WarehousesMutation,
    AssetMutation,
    ListingMutation,
    PhotosMutation,
    FindingMutation,
    ImportMutation,
);

#[derive(Debug, Default, MergedObject)]
struct MovesMutation(
    DecisionMutation,
    RequestMutation,
    KitMutation,
    QuotasMutation,
    TransferMutation,
    LoanMutation,
    PlanMutation,
    CorrectionMutation,
    DisposalMutation,
);

/// What may be done.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(PeopleMutation, RuleBookMutation, GoodsMutation, MovesMutation);

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
