// gopaho HOST PORT CA|- 4 QOS N TOPIC FILTER: publishes 0..N-1, then prints the first message of FILTER.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strconv"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

func must(token mqtt.Token) {
	if !token.WaitTimeout(20 * time.Second) {
		panic("no answer within 20 s")
	}
	if token.Error() != nil {
		panic(token.Error())
	}
}

func main() {
	host, port, ca, topic, filter := os.Args[1], os.Args[2], os.Args[3], os.Args[7], os.Args[8]
	qos, _ := strconv.Atoi(os.Args[5])
	n, _ := strconv.Atoi(os.Args[6])
	options := mqtt.NewClientOptions().SetClientID("gopaho").SetAutoReconnect(false).SetProtocolVersion(4)
	options.SetWill("status/gopaho", "offline", 1, true)
	if ca == "-" {
		options.AddBroker(fmt.Sprintf("tcp://%s:%s", host, port))
	} else {
		pem, err := os.ReadFile(ca)
		if err != nil {
			panic(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		options.AddBroker(fmt.Sprintf("ssl://%s:%s", host, port))
		options.SetTLSConfig(&tls.Config{RootCAs: pool})
	}
	client := mqtt.NewClient(options)
	must(client.Connect())
	for i := 0; i < n; i++ {
		must(client.Publish(topic, byte(qos), false, strconv.Itoa(i)))
	}
	came := make(chan string, 10)
	must(client.Subscribe(filter, byte(qos), func(_ mqtt.Client, message mqtt.Message) {
		came <- message.Topic() + " " + string(message.Payload())
	}))
	select {
	case text := <-came:
		fmt.Print(text)
	case <-time.After(20 * time.Second):
		panic("nothing came")
	}
	client.Disconnect(100)
}
