module github.com/Venafi/vcert/v5
