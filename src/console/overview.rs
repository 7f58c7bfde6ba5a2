//! `/`: whether messages flow.

use super::context::{Context, Refused};
use super::layout::{self, Place};
use crate::access::Permission;
use axum::response::Html;
use maud::html;

pub(super) async fn page(context: Context) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let counts = context.site.look(|tx, now| tx.counts(now)).await.map_err(|error| context.broken(&error))?;
    let content = html! {
        dl {
            dt { (context.pick("Geparkeerd", "Parked")) } dd { (counts.parked.count) }
            dt { (context.pick("Vastgehouden", "Held")) } dd { (counts.held.count) }
            dt { (context.pick("Wachtend", "Waiting")) } dd { (counts.waiting.count) }
        }
    };
    Ok(layout::page(&context, Place::Overview, context.pick("Overzicht", "Overview"), &content))
}
