"""Our OpenID Connect provider: one sign-in for the site, workspaces on domains of their own, and the
company's other properties. The protocol is allauth's (`allauth.idp.oidc`); here is what we decide."""
