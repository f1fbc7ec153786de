"""The check `policies`: ValidatingAdmissionPolicies, judged offline as the API server would judge them."""

from bot.check.policies.check import Policies

__all__ = ["Policies"]
