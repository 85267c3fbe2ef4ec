"""OpenSubsonic below /rest: what music players ask.

References
----------
.. [1] OpenSubsonic API, version 1.16.1 of Subsonic's. https://opensubsonic.netlify.app/docs/
"""
