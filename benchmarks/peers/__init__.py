"""The peers, written as a user of each library would write them."""
