"""What Recoder does: plain async functions over frozen values."""
