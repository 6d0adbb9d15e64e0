"""Types that travel between the stages: readings, network, levels, warnings, effects.

Stages never import each other; what they share stands here. Nothing in this
package does I/O, reads a clock or logs.
"""
