"""The other side of channels, on loopback: for tests, and for trying things out. Nothing here runs in
production, and nothing of it is imported by what does."""

from outbound.simulators.sms_provider import SmsProviderSimulator
from outbound.simulators.webhook_endpoint import Answer, Received, WebhookEndpointSimulator

__all__ = ["Answer", "Received", "SmsProviderSimulator", "WebhookEndpointSimulator"]
