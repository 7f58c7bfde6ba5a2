//! Reading the message of a request, and never more of it than may be.

use super::Problem;
use crate::transport::http::{ONLY_PLAIN_XML, declared_length, is_plain_xml};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt as _;
use std::time::Duration;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// An XML message in UTF-8, up to so many bytes. What is too large is refused on its own word, before it is read; what
/// does not say how large it is, at the first byte too many.
pub(super) async fn message(headers: &HeaderMap, body: Body, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    if !is_plain_xml(headers) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ONLY_PLAIN_XML).and_end());
    }
    if declared_length(headers).is_some_and(|length| length > max_bytes) {
        return Err(Problem::size(max_bytes));
    }
    let read = tokio::time::timeout(PATIENCE, read(body, max_bytes)).await;
    let bytes = read.unwrap_or_else(|_| {
        let detail = "the message did not come in time; send it again";
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail).and_end())
    })?;
    if bytes.is_empty() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "there is no message in this request"));
    }
    Ok(bytes)
}

async fn read(body: Body, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the message broke off; send it again").and_end())?;
        if bytes.len() + chunk.len() > max_bytes {
            return Err(Problem::size(max_bytes));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
