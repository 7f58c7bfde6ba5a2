//! What the intake over HTTP serves besides messages: a dry run for senders, in the name of their own parties, and the
//! description of what is there.

use super::check::Form;
use super::{Problem, document};
use crate::sender::Sender;
use crate::transport::http::SelfTest;
use crate::trial::{For, Trials};
use crate::view::Trial;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Serialize;
use std::sync::{Arc, LazyLock};
use utoipa::ToSchema;

/// Serves senders.
pub struct SenderDesk(pub Arc<Trials>);

impl SelfTest for SenderDesk {
    fn check(&self, sender: &Sender, accept: Option<&HeaderValue>, bytes: Vec<u8>) -> BoxFuture<'static, Response> {
        let (trials, whose, form) = (Arc::clone(&self.0), For::Sender(sender.clone()), Form::of(accept));
        async move {
            let answer = async {
                let form = form?;
                let tried = trials.of(bytes, whose).await?;
                Ok::<_, Problem>(form.answer(Trial::of(&tried)))
            };
            answer.await.into_response()
        }
        .boxed()
    }

    fn description(&self) -> Response {
        static TEXT: LazyLock<String> = LazyLock::new(description);
        document::answer(&TEXT)
    }
}

/// The description of what is served on the address of the intake, as JSON.
pub fn description() -> String {
    use utoipa::OpenApi as _;
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(send, check, super::document::served))]
    struct Described;
    let mut document = document::of_senders();
    document.merge(Described::openapi());
    document::written(document)
}

/// What was taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Taken {
    /// Id of the delivery: the `Idempotency-Key` that it came with, or else the SHA-256 of the message.
    id: String,
}

/// Send a message
///
/// Takes one message. The answer comes once it is stored; what it leads to (the reply, the message itself for its
/// receiver) comes by the usual ways. Sent again with the same key and the same bytes, it is the same delivery.
#[utoipa::path(
    post,
    path = "/messages",
    tag = "messages",
    operation_id = "sendMessage",
    security(("sender_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]+$",
            description = "Your own id of this delivery, such as a UUID.")),
    request_body(
        content((String = "application/xml"), (String = "text/xml")),
        description = "One iWmo or iJw message, in UTF-8.",
    ),
    responses((status = 202, description = "It is stored, and will be judged.", body = Taken))
)]
#[expect(dead_code, reason = "a description of `transport::http`")]
fn send() {}

/// Try a message out
///
/// Judges one message in the name of one of your own parties as it would be judged now. Nothing is stored or sent, and
/// nothing counts as sent: the same message may be sent afterwards. Signals are shown to the municipality that they are
/// for, and to nobody else.
#[utoipa::path(
    post,
    path = "/check",
    tag = "check",
    operation_id = "check",
    security(("sender_token" = [])),
    request_body(
        content((String = "application/xml"), (String = "text/xml")),
        description = "One iWmo or iJw message, in UTF-8.",
    ),
    responses(
        (status = 200, description = "What would become of it; with `Accept: application/xml` the reply alone.",
         content((Trial = "application/json"), (String = "application/xml")),
         headers(("Sluis-Verdict" = String, description = "The verdict, beside a reply as XML."))),
        (status = 204, description = "The reply was asked for, and the gateway sends none.",
         headers(("Sluis-Verdict" = String, description = "The verdict."))),
    )
)]
#[expect(dead_code, reason = "a description of `transport::http`")]
fn check() {}
