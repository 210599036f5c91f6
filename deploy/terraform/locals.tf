locals {
  queues = ["now", "soon", "beat", "bulk"]

  # One of each; web and workers have numbers of their own.
  roles = merge(
    {
      web = {
        command = ["web"], cpu = var.web.cpu, memory = var.web.memory, count = var.web.min, port = 8000
        environment = { WEB_WORKERS = tostring(var.web.workers) }
      }
      live     = { command = ["live"], cpu = 256, memory = 512, count = 2, port = 8002, environment = {} }
      collect  = { command = ["collect"], cpu = 512, memory = 512, count = 2, port = 8003, environment = {} }
      events   = { command = ["events"], cpu = 512, memory = 1024, count = 1, port = null, environment = {} }
      readers  = { command = ["readers"], cpu = 512, memory = 1024, count = 1, port = null, environment = {} }
      outbound = { command = ["outbound"], cpu = 256, memory = 1024, count = 1, port = null, environment = {} }
      beat     = { command = ["beat"], cpu = 256, memory = 512, count = 1, port = null, environment = {} }
    },
    {
      for queue in local.queues : "worker-${queue}" => {
        command     = ["worker", queue]
        cpu         = var.workers[queue].cpu
        memory      = var.workers[queue].memory
        count       = var.workers[queue].min
        port        = null
        environment = { WORKER_CONCURRENCY = tostring(var.workers[queue].concurrency) }
      }
    }
  )

  # `manage.py doctor` counts connections with these; an update doubles each service for a while.
  budget = {
    WEB_PROCESSES        = tostring(var.web.max * var.web.workers)
    WORKER_PROCESSES     = tostring(sum([for queue in local.queues : var.workers[queue].max * var.workers[queue].concurrency]))
    COLLECT_PROCESSES    = "2"
    UPDATE_SURGE_PERCENT = "100"
  }

  environment = merge(local.budget, {
    SITE_DOMAIN   = var.site_domain
    LIVE_URL      = "https://${var.live_domain}"
    COLLECT_URL   = "https://${var.collect_domain}"
    PUBLIC_SCHEME = "https"
    PUBLIC_PORT   = "443"
    # Workers say what has changed.
    CDN              = "cloudfront"
    CDN_DISTRIBUTION = aws_cloudfront_distribution.site.id
  }, var.settings)
}
