//! `/v1/allocations`: allocations as their latest version has them, and the course of one.

use super::list::{List, PAGE, answer, link};
use super::messages::wrong;
use super::query::{Query, is_code, is_digits};
use super::{Caller, Problem};
use crate::access::Permission;
use crate::view::allocations::{self as view, Asked, Key, Listed, Search, State as Standing, Timeline};
use crate::web::Site;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// Allocations
///
/// Allocations as their latest version has them: by law, municipality and number, the highest first.
#[utoipa::path(
    get, path = "/allocations", tag = "allocations", operation_id = "listAllocations", security(("token" = ["view"])),
    params(
        ("allocation" = Option<String>, Query, pattern = "^[0-9]{1,12}$", description = "ToewijzingNummer."),
        ("aanbieder" = Option<String>, Query, pattern = "^[0-9]{8}$", description = "Provider by its AGB code."),
        ("gemeente" = Option<String>, Query, pattern = "^[0-9]{4}$", description = "Municipality by its CBS code."),
        ("law" = Option<String>, Query, pattern = "^(wmo|jeugdwet)$", description = "Law."),
        ("product" = Option<String>, Query, pattern = "^[0-9A-Za-z]{2,5}$", description = "ProductCategorie (two) or ProductCode (five)."),
        ("state" = Option<String>, Query, pattern = "^(upcoming|running|ended|withdrawn)$", description = "How it stands today."),
        ("page" = Option<String>, Query, pattern = "^[bf]-(wmo|jeugdwet)-[0-9]{4}-(0|[1-9][0-9]{0,11})$", description = "Where the page begins, as `next` of another one says."),
    ),
    responses((status = 200, description = "A page of them.", body = List<Listed>))
)]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller, here: Uri) -> Result<Response, Problem> {
    caller.needs(Permission::View)?;
    let mut query = Query::of_uri(&here);
    let is_product =
        |word: &str| (2..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let product = "a category of two digits or a code of five characters";
    let is_place = |word: &str| view::Place::parse(word).is_some();
    let asked = Asked {
        allocation: query.word("allocation", "at most twelve digits", |word| is_digits(word, 12)).unwrap_or_default(),
        aanbieder: query.word("aanbieder", "eight digits", is_code(8)).unwrap_or_default(),
        gemeente: query.word("gemeente", "four digits", is_code(4)).unwrap_or_default(),
        law: query.one_of("law", &["wmo", "jeugdwet"]).unwrap_or_default(),
        product: query.word("product", product, is_product).unwrap_or_default(),
        state: query.one_of("state", &Standing::ALL.map(Standing::as_str)).unwrap_or_default(),
        page: query.word(PAGE, "what `next` of another page says", is_place).unwrap_or_default(),
    };
    query.end()?;
    let search = Search::parse(&asked).map_err(wrong)?;
    let found = site.look(move |tx, now| tx.find_allocations(&search, now)).await?;
    let (next, previous) = (found.next.map(|at| link(&here, &at)), found.previous.map(|at| link(&here, &at)));
    Ok(answer(List { items: found.rows, next }, previous.as_deref()))
}

/// The course of an allocation
///
/// One allocation with all that happened to it (315, 301, 305, 307, 323, 325), what is missing, and what is still owed.
#[utoipa::path(
    get, path = "/allocations/{law}/{gemeente}/{aanbieder}/{nummer}", tag = "allocations",
    operation_id = "getAllocation", security(("token" = ["view"])),
    params(
        ("law" = String, Path, pattern = "^(wmo|jeugdwet)$", description = "Law."),
        ("gemeente" = String, Path, pattern = "^[0-9]{4}$", description = "Municipality by its CBS code."),
        ("aanbieder" = String, Path, pattern = "^[0-9]{8}$", description = "Provider by its AGB code."),
        ("nummer" = String, Path, pattern = "^[0-9]{1,12}$", description = "ToewijzingNummer."),
    ),
    responses((status = 200, description = "It.", body = Timeline))
)]
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((law, gemeente, aanbieder, nummer)): Path<(String, String, String, String)>,
    here: Uri,
) -> Result<Json<Timeline>, Problem> {
    caller.needs(Permission::View)?;
    Query::of_uri(&here).end()?;
    let key = Key::parse(&law, &gemeente, &aanbieder, &nummer).ok_or_else(Problem::missing)?;
    let found = site.look(move |tx, now| tx.look_at_allocation(&key, now)).await?;
    found.map(Json).ok_or_else(Problem::missing)
}
