"""When things run: Prefect's order, retries and schedules."""
