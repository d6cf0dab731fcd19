use anyhow::{Context, bail};
use serde_json::{Value, json};

/// A person or program that talks to the service over HTTP.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        // The client is built for the TLS of the tree, which nobody has chosen yet in a process that serves nothing.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        Self { http: reqwest::Client::new(), base: base.to_owned(), token: None }
    }

    /// The same server for the holder of a token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same person at another server.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The session's token, where somebody is signed in.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same server, signed in.
    pub async fn sign_in(&self, account: &str, password: &str) -> anyhow::Result<Self> {
        let response = self
            .http
            .post(format!("{}/auth/sign-in", self.base))
            .json(&json!({ "account": account, "password": password }))
            .send()
            .await?;
        let status = response.status();
        let body: Value = response.json().await?;
        let token =
            body["token"].as_str().with_context(|| format!("{account} cannot sign in: {status} {body}"))?;
        Ok(Self { token: Some(token.to_owned()), ..self.clone() })
    }

    /// Sends a document; gives `data`, and fails on GraphQL errors.
    pub async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let mut body = self.raw(query, variables).await?;
        if body.get("errors").is_some() {
            bail!("{query}\n{body:#}");
        }
        Ok(body["data"].take())
    }

    /// Sends a mutation `input`; gives its payload, and fails where the payload has errors.
    pub async fn mutate(
        &self,
        field: &str,
        input_type: &str,
        input: Value,
        select: &str,
    ) -> anyhow::Result<Value> {
        let payload = self.attempt(field, input_type, input, select).await?;
        if payload["errors"].as_array().is_none_or(|errors| !errors.is_empty()) {
            bail!("{field}: {payload:#}");
        }
        Ok(payload)
    }

    /// Sends a mutation `input`; gives its payload, whatever is in it.
    pub async fn attempt(
        &self,
        field: &str,
        input_type: &str,
        input: Value,
        select: &str,
    ) -> anyhow::Result<Value> {
        let query = format!(
            "mutation($input: {input_type}!) {{ {field}(input: $input) {{ {select} errors {{ code field message }} }} }}"
        );
        let mut data = self.ask(&query, json!({ "input": input })).await?;
        Ok(data[field].take())
    }

    /// Sends a document; gives the body as it is.
    pub async fn raw(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let response = self.post(&json!({ "query": query, "variables": variables })).await?;
        Ok(response.json().await?)
    }

    /// Sends a body to `/graphql`.
    pub async fn post(&self, body: &Value) -> anyhow::Result<reqwest::Response> {
        let request = self.http.post(format!("{}/graphql", self.base)).json(body);
        Ok(self.signed(request).send().await?)
    }

    /// Any request of the caller.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.signed(self.http.request(method, address))
    }

    fn signed(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}
