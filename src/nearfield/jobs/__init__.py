"""Long work beside whoever asked for it: a queue, a worker, and the processes of a service."""
