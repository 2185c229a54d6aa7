"""What people do with a handover: cases, their queue, corrections and offers."""
