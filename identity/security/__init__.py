"""What protects an account beyond its password: asking again, second factors, the list of sign-ins."""
