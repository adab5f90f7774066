"""What a person touches: the Streamlit app and the command line."""
