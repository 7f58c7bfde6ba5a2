//! The description of the API (OpenAPI 3.1), made from the operations themselves. What holds of all of them (who may ask,
//! what is refused and how) is added here once.

use crate::http::{API_VERSION, API_VERSION_HEADER};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use utoipa::OpenApi;

/// This description
///
/// The description of this API as OpenAPI 3.1, true to the address that serves it.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "description",
    operation_id = "description",
    security(()),
    responses((status = 200, description = "The description.", body = Value,
               headers(("Access-Control-Allow-Origin" = String, description = "Any site may read it."))))
)]
pub(super) async fn served() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(super::description);
    answer(&TEXT)
}

/// A description as it is served: any site may read it, and it alone.
pub(super) fn answer(text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, text).into_response()
}

/// What the descriptions of both addresses have in common.
fn of(title: &str, about: &str) -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(components(schemas(super::Problem, super::Fault, super::Place)))]
    struct Common;
    let mut document = Common::openapi();
    title.clone_into(&mut document.info.title);
    API_VERSION.clone_into(&mut document.info.version);
    document.info.description = Some(about.to_owned());
    document.info.contact = None;
    document.servers = Some(vec![utoipa::openapi::Server::new("/v1")]);
    document
}

/// Of the console's address, without its operations.
pub(super) fn of_console() -> utoipa::openapi::OpenApi {
    of(
        "Sluis",
        "What the gateway knows of messages, allocations, signals and budgets, orders about what waits for a person, and \
         a dry run of a message. For programs of its operator; the page for developers is docs/api.md.",
    )
}

/// Of the intake's address, without its operations.
pub(super) fn of_senders() -> utoipa::openapi::OpenApi {
    of(
        "Sluis for senders",
        "Sends iWmo and iJw messages in the name of your own parties, and tries them out first. The page for developers \
         is docs/api.md.",
    )
}

/// The text of a description, with what holds of all operations.
pub(super) fn written(document: utoipa::openapi::OpenApi) -> String {
    let mut document = serde_json::to_value(document).expect("a description has a JSON form");
    document["info"]["contact"] = json!({ "name": "The administrator of this gateway" });
    document["info"]["license"] = json!({ "name": "EUPL-1.2", "identifier": "EUPL-1.2" });
    let mut schemes = Map::new();
    if let Some(paths) = document["paths"].as_object_mut() {
        let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
        for operation in operations {
            complete(operation);
            for scheme in operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object) {
                schemes.extend(scheme.keys().map(|name| (name.clone(), scheme_of(name))));
            }
        }
    }
    document["components"]["securitySchemes"] = Value::Object(schemes);
    let mut text = serde_json::to_string_pretty(&document).expect("a value can be written");
    text.push('\n');
    text
}

fn scheme_of(name: &str) -> Value {
    let description = match name {
        "sender_token" => "The API token of a sender (docs/senders.md). A client certificate does as well.",
        _ => "An API token of this gateway; the permissions that an operation takes are named with it.",
    };
    json!({ "type": "http", "scheme": "bearer", "description": description })
}

/// The checks of the contract layer, each once.
fn check_ids() -> Value {
    let ids: BTreeSet<&str> = crate::contract::check::all().iter().map(|check| check.id).collect();
    json!(ids)
}

/// Adds what holds of every operation: who may ask, and how it refuses.
fn complete(operation: &mut Value) {
    let permissions: Vec<String> = operation["security"][0]["token"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|scope| scope.as_str().map(str::to_owned))
        .collect();
    if !permissions.is_empty() {
        let text = operation["description"].as_str().unwrap_or_default();
        operation["description"] = json!(format!("{text}\n\nTakes the permission `{}`.", permissions.join("`, `")));
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let known = match parameter["name"].as_str() {
            Some("check") => check_ids(),
            Some("kind") => json!(super::messages::kinds()),
            Some("rule") => json!(super::messages::rule_ids()),
            _ => continue,
        };
        parameter["schema"] = json!({ "type": "string", "enum": known });
    }
    let is_open = operation["security"].as_array().is_none_or(|all| all.iter().all(|one| one == &json!({})));
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let has = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    let mut refusals: Vec<(&str, &str)> = Vec::new();
    if !is_open {
        refusals.push(("401", "Nobody vouches for who asks."));
        refusals.push(("403", "Whoever asks may not do this."));
        refusals.push(("429", "There is no room now; come again after `Retry-After`."));
        refusals.push(("500", "The gateway failed on this, and its operator knows."));
        refusals.push(("503", "The gateway cannot do this now; come again after `Retry-After`."));
        refusals.push(("406", "It is asked for in a form that there is not."));
    }
    if has("query") || has("header") || operation.get("requestBody").is_some() || !is_open {
        refusals.push(("400", "The request is not understood."));
    }
    if has("path") {
        refusals.push(("404", "There is no such thing."));
    }
    if operation.get("requestBody").is_some() {
        refusals.push(("408", "The body did not come in time."));
        refusals.push(("413", "The body is too large."));
        refusals.push(("415", "The body is of another sort."));
        refusals.push(("422", "The body holds nothing that can be worked with."));
    }
    for (status, description) in refusals {
        let known = &mut operation["responses"][status];
        if known.is_null() {
            *known = json!({ "description": description });
        }
        known["content"] =
            json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        let more = match status {
            "401" => Some(("WWW-Authenticate", "How to show who you are.")),
            "429" | "503" => Some(("Retry-After", "Seconds after which to come again.")),
            _ => None,
        };
        if let Some((name, description)) = more {
            known["headers"][name] = json!({ "description": description, "schema": { "type": "string" } });
        }
    }
    for answer in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        answer["headers"][API_VERSION_HEADER] = json!({
            "description": "Full version of the API.",
            "required": true,
            "schema": { "type": "string" },
            "example": API_VERSION,
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::access::Permission;
    use crate::api::tests::program;
    use crate::web::testing::{ask, site};
    use axum::http::{Method, StatusCode};
    use serde_json::Value;
    use std::path::Path;

    /// Compares a description with the file that is part of the documentation.
    fn is_written_down(file: &str, text: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&file, text).expect("the file can be written");
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(written == text, "{} is not what the code says: run this test with UPDATE=1", file.display());
    }

    #[test]
    fn the_descriptions_are_written_down() {
        is_written_down("docs/openapi.json", &crate::api::description());
        is_written_down("docs/openapi-senders.json", &crate::api::description_for_senders());
    }

    /// Method, path with numbers filled in, and permission of all operations.
    fn operations() -> Vec<(Method, String, Option<Permission>)> {
        let document: Value = serde_json::from_str(&crate::api::description()).expect("JSON");
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            let path: String = path
                .split('/')
                .map(|part| match part {
                    "{law}" => "wmo",
                    "{gemeente}" => "0197",
                    "{aanbieder}" => "42420001",
                    part if part.starts_with('{') => "1",
                    part => part,
                })
                .collect::<Vec<_>>()
                .join("/");
            for (method, operation) in item.as_object().expect("operations") {
                let method: Method = method.to_uppercase().parse().expect("a method");
                let permission = operation["security"][0]["token"][0].as_str();
                let permission = permission.map(|word| Permission::parse(word).expect("a permission"));
                operations.push((method, format!("/v1{path}"), permission));
            }
        }
        operations
    }

    #[tokio::test]
    async fn every_operation_is_served_and_takes_the_permission_that_it_names() {
        let site = site();
        for (method, path, permission) in operations() {
            let status = async |visit| ask(&site, visit, method.clone(), &path, "").await.0;
            let Some(permission) = permission else {
                assert_eq!(status(None).await, StatusCode::OK, "{path}");
                continue;
            };
            assert_eq!(status(None).await, StatusCode::UNAUTHORIZED, "{method} {path}");
            let others: Vec<Permission> = Permission::ALL.into_iter().filter(|other| *other != permission).collect();
            assert_eq!(status(Some(program(&others))).await, StatusCode::FORBIDDEN, "{method} {path}");
            let answer = status(Some(program(&[permission]))).await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED];
            assert!(!refused.contains(&answer), "{method} {path}: {answer}");
        }
    }

    /// Routes are added together with their description, and by nothing else.
    #[test]
    fn nothing_is_served_that_is_not_described() {
        let source = include_str!("mod.rs");
        assert!(!source.contains(".route(") && source.contains(".routes(routes!("), "add operations with routes!");
    }
}
