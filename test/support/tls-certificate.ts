/**
 * A self-signed certificate for localhost and 127.0.0.1 that lasts a hundred years, and its key. Made for these tests and
 * trusted nowhere, with openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
 * -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUKGsLVzPDo+hN6hSup5DZGKKV+YgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjAxMjk0M1oYDzIxMjYxMTAy
MDEyOTQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR04Xb3inucIcYedexxTZiY6YJkLzl9VMwKgH0AmY0eVC0X94mpMkZx
BSJiS3rTGERWGld+0DCl8AiCeTpRPnNoo28wbTAdBgNVHQ4EFgQUd8l4dsvoiUt+
YMTA0zYPcu20gOUwHwYDVR0jBBgwFoAUd8l4dsvoiUt+YMTA0zYPcu20gOUwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAObodbinTRL4LPVXe9HO+S56Wycqb3IpiDJNYkn8SRmDAiBl
pFoYJqrmEh5m+9FHZKm8FlX3fAwxgbmu7nYd2uZSQg==
-----END CERTIFICATE-----
`;

export const CERTIFICATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDVuD/Ah35tYxW36j
jvEOXID4Xr/bYKjTQ9vLIkeh5/OhRANCAAR04Xb3inucIcYedexxTZiY6YJkLzl9
VMwKgH0AmY0eVC0X94mpMkZxBSJiS3rTGERWGld+0DCl8AiCeTpRPnNo
-----END PRIVATE KEY-----
`;
