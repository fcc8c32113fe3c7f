"""Signed webhooks: other programs are told what happens in the branch, each at its own pace."""
