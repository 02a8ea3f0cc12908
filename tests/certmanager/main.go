// Command certmanager runs the parts of cert-manager that give an Ingress its certificate by ACME HTTP-01, against the
// API server of a kubeconfig: the Ingress shim, the certificate controllers, the ACME issuer. All of it is cert-manager's
// own code, as its root module has it; its own command is a module that no proxy serves, and its Venafi issuer needs a
// client that none serves either, so neither is part of this one.
//
//	certmanager controller --kubeconfig FILE --dns HOST:PORT
//	certmanager solver --listen-port=8089 --domain=NAME --token=TOKEN --key=KEY      what the solver's Pod runs
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/cert-manager/cert-manager/pkg/controller"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// Every controller that registered itself is run; fewer would mean that an import above went.
const controllers = 12

func main() {
	context, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := fmt.Errorf("usage: certmanager controller|solver FLAG...")
	if len(os.Args) > 1 && os.Args[1] == "controller" {
		err = control(context, os.Args[2:])
	} else if len(os.Args) > 1 && os.Args[1] == "solver" {
		err = solve(context, os.Args[2:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "certmanager:", err)
		os.Exit(1)
	}
}

func control(parent context.Context, arguments []string) error {
	flags := flag.NewFlagSet("controller", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "file")
	dns := flags.String("dns", "", "name server of the self check, host:port")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	context, stop := context.WithCancel(parent)
	defer stop()
	// The defaults of cert-manager's own command, where they matter here.
	factory, err := controller.NewContextFactory(context, controller.ContextOptions{
		Kubeconfig:    *kubeconfig,
		IssuerOptions: controller.IssuerOptions{ClusterResourceNamespace: "cert-manager"},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 "acmesolver",
			HTTP01SolverResourceRequestCPU:    resource.MustParse("10m"),
			HTTP01SolverResourceRequestMemory: resource.MustParse("64Mi"),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse("100m"),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse("64Mi"),
			ACMEHTTP01SolverRunAsNonRoot:      true,
			HTTP01SolverNameservers:           []string{*dns},
			DNS01CheckRetryPeriod:             10 * time.Second,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerKind:                 "Issuer",
			DefaultIssuerGroup:                "cert-manager.io",
			DefaultAutoCertificateAnnotations: []string{"kubernetes.io/tls-acme"},
		},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes:                 []string{"*", "-kubectl.kubernetes.io/"},
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	})
	if err != nil {
		return err
	}
	if known := len(controller.Known()); known != controllers {
		return fmt.Errorf("%d controllers are linked in, expected %d", known, controllers)
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	ended := make(chan error, controllers)
	for name, make := range controller.Known() {
		one, err := make(factory)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		group.Go(func() {
			defer stop()
			if err := one.Run(2, logf.NewContext(context, logf.Log.WithName(name))); err != nil {
				ended <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	shared.SharedInformerFactory.Start(context.Done())
	shared.KubeSharedInformerFactory.Start(context.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(context.Done())
	group.Wait()
	select {
	case err := <-ended:
		return err
	default:
		return nil
	}
}

func solve(context context.Context, arguments []string) error {
	flags := flag.NewFlagSet("solver", flag.ExitOnError)
	var server solver.HTTP01Solver
	flags.IntVar(&server.ListenPort, "listen-port", 8089, "port")
	flags.StringVar(&server.Domain, "domain", "", "host name that is validated")
	flags.StringVar(&server.Token, "token", "", "last part of the path")
	flags.StringVar(&server.Key, "key", "", "the answer")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	go func() {
		<-context.Done()
		os.Exit(0)
	}()
	return server.Listen(logf.Log)
}
