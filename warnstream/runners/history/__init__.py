"""What a node did before: what people were told, under which configurations; how a start goes on from it."""
