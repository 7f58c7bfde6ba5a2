//! `/v1/budgets`: agreements and accounts with both figures, and the course of an agreement.

use super::list::{List, answer};
use super::query::{Query, is_digits};
use super::{Caller, Problem};
use crate::access::Permission;
use crate::view::budgets::{Budgets, Shown};
use crate::web::Site;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// Budgets of a year
///
/// The agreements and accounts of each region in a year, with what may be used at most and what is expected to be.
/// Amounts are in cents.
#[utoipa::path(
    get, path = "/budgets", tag = "budgets", operation_id = "listBudgets", security(("token" = ["view-contracts"])),
    params(("year" = Option<i16>, Query, minimum = 2015, maximum = 2099, description = "The year; without it, this one.")),
    responses((status = 200, description = "One for each region; there is no second page.", body = List<Budgets>))
)]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller, here: Uri) -> Result<Response, Problem> {
    caller.needs(Permission::ViewContracts)?;
    let mut query = Query::of_uri(&here);
    let year = |word: &str| word.parse::<i16>().ok().filter(|year| is_digits(word, 4) && (2015..=2099).contains(year));
    let asked = query.word("year", "a year from 2015 to 2099", |word| year(word).is_some());
    query.end()?;
    let today = site.clock.today();
    let year = asked.as_deref().and_then(year).unwrap_or_else(|| today.year());
    let mut items = Vec::new();
    for register in site.registers.in_force().now().registers() {
        items.push(site.budgets(register, year).await?.value);
    }
    Ok(answer(List { items, next: None }, None))
}

/// One agreement
///
/// An agreement with its figures, what each account brings to it, its course month by month, and what is expected.
#[utoipa::path(
    get, path = "/budgets/{agreement}", tag = "budgets", operation_id = "getBudget", security(("token" = ["view-contracts"])),
    params(("agreement" = String, Path, description = "Id of the agreement in the register.")),
    responses((status = 200, description = "It.", body = Shown))
)]
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    here: Uri,
) -> Result<Json<Shown>, Problem> {
    caller.needs(Permission::ViewContracts)?;
    Query::of_uri(&here).end()?;
    let contracts = site.registers.in_force().now();
    let register = contracts.registers().iter().find(|register| register.agreement(&id).is_some());
    let register = Arc::clone(register.ok_or_else(Problem::missing)?);
    let shown = site.budget(&register, &id).await?.value;
    shown.map(Json).ok_or_else(Problem::missing)
}
