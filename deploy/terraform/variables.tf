variable "name" {
  description = "What all of it is called"
  type        = string
  default     = "plg"
}

variable "image" {
  description = "The image by digest: registry/plg@sha256:…"
  type        = string
  validation {
    condition     = strcontains(var.image, "@sha256:")
    error_message = "Name the image by digest, so that what was tested is what runs."
  }
}

variable "vpc_id" {
  type = string
}

variable "public_subnets" {
  description = "For the load balancer; in two zones at least"
  type        = list(string)
}

variable "private_subnets" {
  description = "For everything else, with a way out (NAT); in two zones at least"
  type        = list(string)
}

variable "certificate" {
  description = "ARN of the load balancer's certificate: site, live, collect and other_names"
  type        = string
}

variable "cdn_certificate" {
  description = "ARN of the same names' certificate in us-east-1, for CloudFront"
  type        = string
}

variable "site_domain" {
  type = string
}

variable "live_domain" {
  description = "The name that the live process has"
  type        = string
}

variable "collect_domain" {
  description = "The name that the collector has"
  type        = string
}

variable "other_names" {
  description = "Of workspaces and files: *.example.com, example-files.com"
  type        = list(string)
  default     = []
}

variable "settings" {
  description = "What is no secret, by the names of docs/settings.md"
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "ARNs of secrets in Secrets Manager that are there already, by the names of settings"
  type        = map(string)
  validation {
    condition = length(setsubtract(
      ["SECRET_KEY", "DATABASE_URL", "EVENTS_DATABASE_URL", "REDIS_URL", "EMAIL_URL", "STRIPE_SECRET_KEY"],
      keys(var.secrets)
    )) == 0
    error_message = "SECRET_KEY, DATABASE_URL, EVENTS_DATABASE_URL, REDIS_URL, EMAIL_URL and STRIPE_SECRET_KEY must be given."
  }
}

variable "cache_auth_token" {
  description = "ARN of the secret with the password that REDIS_URL holds, too"
  type        = string
}

variable "encryption_key" {
  description = "ARN of a key of KMS that encrypts what is stored"
  type        = string
}

variable "web" {
  type = object({
    min     = optional(number, 2)
    max     = optional(number, 6)
    cpu     = optional(number, 1024)
    memory  = optional(number, 2048)
    workers = optional(number, 2)
  })
  default = {}
}

variable "workers" {
  description = "For each queue: how many, and how large"
  type = map(object({
    min         = optional(number, 1)
    max         = optional(number, 4)
    cpu         = optional(number, 512)
    memory      = optional(number, 1024)
    concurrency = optional(number, 2)
    waiting     = optional(number, 20)
  }))
  default = { now = {}, soon = {}, beat = {}, bulk = {} }
}

variable "queue_metric" {
  description = "Namespace and name of a metric with the dimension Queue that says what waits in it; null: workers do not scale"
  type        = object({ namespace = string, name = string })
  default     = null
}

variable "database_class" {
  type    = string
  default = "db.m7g.large"
}

variable "cache_class" {
  type    = string
  default = "cache.m7g.large"
}

variable "log_days" {
  type    = number
  default = 400
}
