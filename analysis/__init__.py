"""The event-study mathematics: events and returns in, results out. No I/O, no clock, no Streamlit."""
