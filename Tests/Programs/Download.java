import java.io.FileInputStream;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.URL;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Downloads a URL through a proxy and prints its SHA-256.
 * usage: java Download.java PROXY-HOST PROXY-PORT AUTHORITY-FILE URL [USER PASSWORD]
 */
public class Download {
    public static void main(String[] arguments) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = new FileInputStream(arguments[2])) {
            var factory = CertificateFactory.getInstance("X.509");
            store.setCertificateEntry("authority", factory.generateCertificate(file));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);

        if (arguments.length > 4) {
            Authenticator.setDefault(new Authenticator() {
                @Override
                protected PasswordAuthentication getPasswordAuthentication() {
                    return new PasswordAuthentication(arguments[4], arguments[5].toCharArray());
                }
            });
        }
        var endpoint = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        var proxy = new Proxy(Proxy.Type.HTTP, endpoint);
        var connection = (HttpsURLConnection) new URL(arguments[3]).openConnection(proxy);
        connection.setSSLSocketFactory(context.getSocketFactory());
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream body = connection.getInputStream()) {
            byte[] piece = new byte[65536];
            for (int count; (count = body.read(piece)) > 0;) {
                digest.update(piece, 0, count);
            }
        }
        for (byte octet : digest.digest()) System.out.printf("%02x", octet);
        System.out.println();
    }
}
