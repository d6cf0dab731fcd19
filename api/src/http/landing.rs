use axum::response::Html;

/// What a person sees who opens the address in a browser.
pub(super) async fn landing() -> Html<&'static str> {
    Html(include_str!("landing.html"))
}
