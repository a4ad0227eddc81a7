"""What lies in Kafka, as contracts/ has it: bytes -> values; pure. Fields that nobody knows yet are passed over."""
