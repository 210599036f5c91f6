"""What people see of it: the page on which they choose."""
