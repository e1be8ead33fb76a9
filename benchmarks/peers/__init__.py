"""The peers: the same tables behind Flask-AppBuilder, Django REST framework, and bare WSGI."""
