"""The company's helpdesk: an endpoint that takes signed cases."""
